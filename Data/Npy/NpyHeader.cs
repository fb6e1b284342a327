using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>The header of an NPY file: formats 1.0, 2.0 and 3.0 as <c>numpy.lib.format</c> documents them.</summary>
/// <param name="Type">The type of an element.</param>
/// <param name="Shape">The shape.</param>
/// <param name="Offset">Where in the file the elements begin.</param>
/// <param name="IsColumnMajor">Whether the first index varies fastest (Fortran order); otherwise the last one does.</param>
internal sealed partial record NpyHeader(NpyType Type, IReadOnlyList<long> Shape, long Offset, bool IsColumnMajor)
{
    private const int LargestHeader = 1 << 20;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    public Int128 Elements => Shape.Aggregate((Int128)1, (product, size) => product * size);

    /// <summary>
    /// Reads and checks the header, and that the file holds exactly the declared elements; null with a problem otherwise.
    /// </summary>
    public static NpyHeader? TryRead(ArrayBytes bytes, string path, ProblemList problems)
    {
        try
        {
            return Read(bytes);
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

    private static NpyHeader Read(ArrayBytes bytes)
    {
        long length = bytes.Length;
        Span<byte> start = stackalloc byte[12];
        start = start[..(int)Math.Min(12, length)];
        bytes.Read(0, start);
        if (start.Length < 10 || !start.StartsWith(Magic))
        {
            bool isArchive = start.StartsWith("PK"u8);
            throw new NpyException(isArchive ? "an archive of NumPy arrays" : "no NumPy array", "a file that numpy.save wrote",
                isArchive ? "write npz:FILE as data.source" : "save one array per file, with numpy.save");
        }

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
        bytes.Read(offset, text);
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
        const StringSplitOptions Trimmed = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        long[] sizes = [.. shape.Groups[1].Value.Split(',', Trimmed).Select(ParseSize)];
        if (sizes.Length == 0 || sizes.Contains(0))
            throw new NpyException($"an array of shape {Wording.Shape(sizes)}", "an array with elements", "add data");
        if (sizes.Length > 3)
            throw new NpyException($"an array of shape {Wording.Shape(sizes)}", "at most three dimensions", "reshape the array");
        return new(type, sizes, offset, IsColumnMajor: order.Groups[1].Value == "True");
    }

    private static long ParseSize(string text) =>
        int.TryParse(text.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out int size)
            ? size
            : throw new NpyException($"size {Wording.Quote(text)}", $"an integer up to {int.MaxValue}", "save it with numpy.save");

    private static NpyType ParseType(string descr)
    {
        string name = descr.Trim('\'', '"');
        return NpyType.TryParse(name) ?? throw (name.TrimStart('<', '>', '|', '=') switch
        {
            ['O', ..] => new NpyException(
                "an array of objects (ragged sequences?)", "an array of numbers",
                "pad the sequences to one length and add the lengths as a third file"),
            ['M' or 'm', ..] => new NpyException(
                $"times ({name})", "an array of numbers", "save them as numbers, such as (array - array[0]) / numpy.timedelta64(1, 's')"),
            ['U' or 'S', ..] => new NpyException(
                $"texts ({name})", "an array of numbers", "save numbers of the texts, such as numpy.unique(array, return_inverse=True)[1]"),
            ['c', ..] => new NpyException(
                $"complex numbers ({name})", "an array of real numbers", "save real and imaginary parts as two features"),
            ['(' or '[', ..] => new NpyException(
                $"elements of type {Wording.Quote(name)}", "an array of numbers", "save one field, array['NAME']"),
            _ => new NpyException(
                $"elements of type {Wording.Quote(name)}", "float16 to float64, int8 to int64, uint8 to uint64 or bool",
                "save array.astype('float32'), or 'int64' for tokens and classes"),
        });
    }

    private static void CheckLength(NpyHeader header, long length)
    {
        Int128 expected = header.Offset + (header.Elements * header.Type.Size);
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
