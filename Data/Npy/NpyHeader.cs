using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>The supported element types.</summary>
internal enum NpyType
{
    Float32,
    Float64,
    Int32,
    Int64,
}

/// <summary>The header of an NPY file: formats 1.0, 2.0 and 3.0 as <c>numpy.lib.format</c> documents them.</summary>
/// <param name="Type">The type of an element, little-endian.</param>
/// <param name="Shape">The shape, row-major.</param>
/// <param name="Offset">Where in the file the elements begin.</param>
internal sealed partial record NpyHeader(NpyType Type, IReadOnlyList<long> Shape, long Offset)
{
    private const int LargestHeader = 1 << 20;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    public int ElementSize => Type is NpyType.Float64 or NpyType.Int64 ? 8 : 4;

    public bool IsInteger => Type is NpyType.Int32 or NpyType.Int64;

    public Int128 Elements => Shape.Aggregate((Int128)1, (product, size) => product * size);

    /// <summary>
    /// Reads and checks the header, and that the file holds exactly the declared elements; null with a problem otherwise.
    /// </summary>
    public static NpyHeader? TryRead(SafeFileHandle file, string path, ProblemList problems)
    {
        try
        {
            return Read(file, path);
        }
        catch (NpyException error)
        {
            problems.Add(DataKeys.Source, $"{error.Found} in {path}", error.Expected, error.Remedy);
        }
        catch (IOException error)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.Source, path, error)]);
        }

        return null;
    }

    private static NpyHeader Read(SafeFileHandle file, string path)
    {
        long length = RandomAccess.GetLength(file);
        Span<byte> start = stackalloc byte[12];
        start = start[..(int)Math.Min(12, length)];
        InputFile.ReadExactly(file, path, 0, start);
        if (start.Length < 10 || !start.StartsWith(Magic))
            throw new NpyException("no NumPy array", "a file that numpy.save wrote",
                "save one array per file, with numpy.save (not savez)");
        if (start[6] is < 1 or > 3)
            throw new NpyException($"NPY format {start[6]}.{start[7]}", "format 1.0, 2.0 or 3.0", "save it with numpy.save");

        // Format 1.0 has a length of two bytes; the later ones, made for headers that do not fit, of four.
        int lengthSize = start[6] == 1 ? 2 : 4;
        long textLength = lengthSize == 2
            ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..])
            : start.Length == 12 ? BinaryPrimitives.ReadUInt32LittleEndian(start[8..]) : long.MaxValue;
        long offset = 8 + lengthSize;
        if (textLength > Math.Min(LargestHeader, length - offset))
            throw new NpyException("a truncated header", "a complete NPY file", "copy or save the file again");
        var text = new byte[textLength];
        InputFile.ReadExactly(file, path, offset, text);
        NpyHeader header = Parse(Encoding.UTF8.GetString(text), offset + textLength);
        CheckLength(header, length);
        return header;
    }

    private static NpyHeader Parse(string text, long offset)
    {
        Match descr = Descr().Match(text), order = Order().Match(text), shape = ShapeTuple().Match(text);
        if (!descr.Success || !order.Success || !shape.Success)
            throw new NpyException($"header {Wording.Quote(text)}", "descr, fortran_order and shape", "save it with numpy.save");
        NpyType type = ParseType(descr.Groups[1].Value);
        if (order.Groups[1].Value == "True")
        {
            throw new NpyException(
                "an array in Fortran order", "C order (row-major)", "save numpy.ascontiguousarray(array)");
        }

        const StringSplitOptions Trimmed = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        long[] sizes = [.. shape.Groups[1].Value.Split(',', Trimmed).Select(ParseSize)];
        if (sizes.Length == 0 || sizes.Contains(0))
            throw new NpyException($"an array of shape {Wording.Shape(sizes)}", "an array with elements", "add data");
        if (sizes.Length > 3)
            throw new NpyException($"an array of shape {Wording.Shape(sizes)}", "at most three dimensions", "reshape the array");
        return new(type, sizes, offset);
    }

    private static long ParseSize(string text) =>
        int.TryParse(text.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out int size)
            ? size
            : throw new NpyException($"size {Wording.Quote(text)}", $"an integer up to {int.MaxValue}", "save it with numpy.save");

    private static NpyType ParseType(string descr) => descr.Trim('\'', '"') switch
    {
        "<f4" => NpyType.Float32,
        "<f8" => NpyType.Float64,
        "<i4" => NpyType.Int32,
        "<i8" => NpyType.Int64,
        "|O" or "O" => throw new NpyException(
            "an array of objects (ragged sequences?)", "an array of numbers",
            "pad the sequences to one length and add the lengths as a third file"),
        ['>', ..] big => throw new NpyException(
            $"big-endian elements ({big})", "little-endian ones", "save array.astype(array.dtype.newbyteorder('<'))"),
        var other => throw new NpyException(
            $"elements of type {Wording.Quote(other)}", "float32, float64, int32 or int64",
            "save array.astype('float32'), or 'int64' for tokens"),
    };

    private static void CheckLength(NpyHeader header, long length)
    {
        Int128 expected = header.Offset + (header.Elements * header.ElementSize);
        string promised = $"{expected} bytes for {header.Type} of shape {Wording.Shape(header.Shape)}";
        if (length < expected)
            throw new NpyException($"{length} bytes, a truncated array,", promised, "copy or save the file again");
        if (length > expected)
        {
            throw new NpyException(
                $"{length} bytes, some of them after the array's end,", promised, "save one array per file, with numpy.save");
        }
    }

    [GeneratedRegex("""["']descr["']\s*:\s*('[^']*'|"[^"]*"|\[.*?\])""", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Descr();

    [GeneratedRegex("""["']fortran_order["']\s*:\s*(True|False)""", RegexOptions.CultureInvariant)]
    private static partial Regex Order();

    [GeneratedRegex("""["']shape["']\s*:\s*\(([^)]*)\)""", RegexOptions.CultureInvariant)]
    private static partial Regex ShapeTuple();

    private sealed class NpyException(string found, string expected, string remedy) : Exception
    {
        public string Found => found;

        public string Expected => expected;

        public string Remedy => remedy;
    }
}
