using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>An open NPY file, with random access to its elements.</summary>
internal sealed class NpyArray(string path, SafeFileHandle file, NpyHeader header) : IDisposable
{
    private const int BlockElements = 1 << 14;

    public string Path => path;

    public NpyHeader Header => header;

    /// <summary>Opens an array and checks its header; null with a problem when it is not an array.</summary>
    public static NpyArray? TryOpen(string path, ProblemList problems)
    {
        SafeFileHandle? file = InputFile.TryOpen(path, problems);
        if (file is null)
            return null;
        NpyHeader? header = NpyHeader.TryRead(file, path, problems);
        if (header is not null)
            return new(path, file, header);
        file.Dispose();
        return null;
    }

    /// <summary>Reads elements of an array of floats, from flat index <paramref name="first"/> on.</summary>
    public void Read(long first, Span<float> destination)
    {
        if (header.Type == NpyType.Float32)
            ReadRaw(first, MemoryMarshal.AsBytes(destination));
        else
            ReadConverted<double, float>(first, destination, static value => (float)value);
    }

    /// <summary>Reads elements of an array of integers, from flat index <paramref name="first"/> on.</summary>
    public void Read(long first, Span<long> destination)
    {
        if (header.Type == NpyType.Int64)
            ReadRaw(first, MemoryMarshal.AsBytes(destination));
        else
            ReadConverted<int, long>(first, destination, static value => value);
    }

    /// <summary>The position of an element in NumPy's index notation: <c>path[3, 17, 0]</c>.</summary>
    public string Describe(long element)
    {
        var index = new long[header.Shape.Count];
        for (int axis = index.Length - 1; axis >= 0; axis--)
            (element, index[axis]) = Math.DivRem(element, header.Shape[axis]);
        return path + Wording.Shape(index);
    }

    public void Dispose() => file.Dispose();

    private void ReadRaw(long first, Span<byte> destination) =>
        InputFile.ReadExactly(file, path, header.Offset + (first * header.ElementSize), destination);

    private void ReadConverted<TStored, TRead>(long first, Span<TRead> destination, Func<TStored, TRead> convert)
        where TStored : unmanaged
    {
        TStored[] rented = ArrayPool<TStored>.Shared.Rent(BlockElements);
        try
        {
            while (destination.Length > 0)
            {
                Span<TStored> block = rented.AsSpan(0, Math.Min(BlockElements, destination.Length));
                ReadRaw(first, MemoryMarshal.AsBytes(block));
                for (int i = 0; i < block.Length; i++)
                    destination[i] = convert(block[i]);
                first += block.Length;
                destination = destination[block.Length..];
            }
        }
        finally
        {
            ArrayPool<TStored>.Shared.Return(rented);
        }
    }
}
