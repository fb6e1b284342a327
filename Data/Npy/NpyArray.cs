using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>An open NumPy array, with random access to its elements in row-major order, whatever order they were saved in.</summary>
/// <param name="name">Its name for messages: the path of its file, or its place in an archive.</param>
/// <param name="bytes">Header and elements, or the elements alone where they were put in another order; owned.</param>
/// <param name="header">Its header.</param>
internal sealed class NpyArray(string name, ArrayBytes bytes, NpyHeader header) : IDisposable
{
    private const int BlockBytes = 1 << 16;

    private static readonly bool Swaps = !BitConverter.IsLittleEndian;

    public string Name => name;

    public NpyHeader Header => header;

    /// <summary>Opens an array and checks its header; null with a problem when it is not an array.</summary>
    /// <exception cref="Tables.TemporaryFileException">Its elements are in column-major order: no room to reorder them.</exception>
    public static NpyArray? TryOpen(string path, ProblemList problems)
    {
        SafeFileHandle? file = InputFile.TryOpen(path, problems);
        return file is null ? null : TryOpen(path, new FileBytes(file, path), problems);
    }

    /// <summary>The same of bytes that are open already; closed when they are no array.</summary>
    public static NpyArray? TryOpen(string name, ArrayBytes bytes, ProblemList problems)
    {
        try
        {
            if (NpyHeader.TryRead(bytes, name, problems) is not { } header)
            {
                bytes.Dispose();
                return null;
            }

            if (!header.IsColumnMajor)
                return new(name, bytes, header);
            ScratchBytes rows = ColumnMajor.ToRows(bytes, header);
            bytes.Dispose();
            return new(name, rows, header with { Offset = 0, IsColumnMajor = false });
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>Reads elements as float32, from flat index <paramref name="first"/> on.</summary>
    public void Read(long first, Span<float> destination)
    {
        if (header.Type is { Kind: NumberKind.Float, Size: 4 })
            ReadRaw(first, MemoryMarshal.AsBytes(destination));
        else
            ReadConverted(first, destination);
    }

    /// <summary>Reads elements of an array of integers, from flat index <paramref name="first"/> on.</summary>
    public void Read(long first, Span<long> destination)
    {
        if (header.Type is { Kind: NumberKind.Signed, Size: 8 })
            ReadRaw(first, MemoryMarshal.AsBytes(destination));
        else
            ReadConverted(first, destination);
    }

    /// <summary>Reads elements as float64, from flat index <paramref name="first"/> on.</summary>
    public void Read(long first, Span<double> destination) => ReadConverted(first, destination);

    /// <summary>The position of an element in NumPy's index notation: <c>path[3, 17, 0]</c>.</summary>
    public string Describe(long element)
    {
        var index = new long[header.Shape.Count];
        for (int axis = index.Length - 1; axis >= 0; axis--)
            (element, index[axis]) = Math.DivRem(element, header.Shape[axis]);
        return name + Wording.Shape(index);
    }

    /// <summary>Type, shape and name: <c>float32 of shape [12, 10, 3] in x.npy</c>.</summary>
    public override string ToString() => $"{header.Type} of shape {Wording.Shape(header.Shape)} in {name}";

    public void Dispose() => bytes.Dispose();

    private void ReadRaw(long first, Span<byte> destination)
    {
        bytes.Read(header.Offset + (first * header.Type.Size), destination);
        if (header.Type.IsBigEndian != Swaps)
            Reverse(destination, header.Type.Size);
    }

    private void ReadConverted<TRead>(long first, Span<TRead> destination) where TRead : struct, INumber<TRead>
    {
        int size = header.Type.Size;
        byte[] rented = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            while (destination.Length > 0)
            {
                int count = Math.Min(BlockBytes / size, destination.Length);
                Span<byte> block = rented.AsSpan(0, count * size);
                ReadRaw(first, block);
                Convert(block, destination[..count]);
                first += count;
                destination = destination[count..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void Convert<TRead>(ReadOnlySpan<byte> stored, Span<TRead> read) where TRead : struct, INumber<TRead>
    {
        switch (header.Type.Kind, header.Type.Size)
        {
            case (NumberKind.Float, 2): Convert<Half, TRead>(stored, read); break;
            case (NumberKind.Float, 4): Convert<float, TRead>(stored, read); break;
            case (NumberKind.Float, _): Convert<double, TRead>(stored, read); break;
            case (NumberKind.Signed, 1): Convert<sbyte, TRead>(stored, read); break;
            case (NumberKind.Signed, 2): Convert<short, TRead>(stored, read); break;
            case (NumberKind.Signed, 4): Convert<int, TRead>(stored, read); break;
            case (NumberKind.Signed, _): Convert<long, TRead>(stored, read); break;
            case (NumberKind.Unsigned, 1): Convert<byte, TRead>(stored, read); break;
            case (NumberKind.Unsigned, 2): Convert<ushort, TRead>(stored, read); break;
            case (NumberKind.Unsigned, 4): Convert<uint, TRead>(stored, read); break;
            case (NumberKind.Unsigned, _): Convert<ulong, TRead>(stored, read); break;
            default:
                for (int i = 0; i < read.Length; i++)
                    read[i] = stored[i] == 0 ? TRead.Zero : TRead.One;
                break;
        }
    }

    // What does not fit an integer becomes the largest: no token, class or length is as large as that.
    private static void Convert<TStored, TRead>(ReadOnlySpan<byte> stored, Span<TRead> read)
        where TStored : unmanaged, INumberBase<TStored> where TRead : struct, INumber<TRead>
    {
        ReadOnlySpan<TStored> values = MemoryMarshal.Cast<byte, TStored>(stored);
        for (int i = 0; i < read.Length; i++)
            read[i] = TRead.CreateSaturating(values[i]);
    }

    private static void Reverse(Span<byte> elements, int size)
    {
        switch (size)
        {
            case 2:
                var shorts = MemoryMarshal.Cast<byte, ushort>(elements);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                var ints = MemoryMarshal.Cast<byte, uint>(elements);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case 8:
                var longs = MemoryMarshal.Cast<byte, ulong>(elements);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }
}
