using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Npy;

namespace Orleans.Tbptt.Data.Hdf5;

/// <summary>
/// Puts the chunks of a dataset into rows. Boxes of as many chunks as fit into a buffer are gathered, as wide as the array where that is
/// possible, and written out as rows: every chunk is read once, and every element written once.
/// </summary>
internal sealed class ChunkedReading
{
    private const int BoxBytes = 16 << 20;
    private const int Axes = 3;

    private readonly ChunkIndex _index;
    private readonly ChunkDecoder _decoder;
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly int _size;

    // Of three axes; those before the first have one element.
    private readonly long[] _shape;
    private readonly long[] _chunk;
    private readonly long[] _counts;
    private readonly long[] _boxChunks = [1, 1, 1];

    /// <param name="index">Finds the chunks.</param>
    /// <param name="decoder">Decodes them.</param>
    /// <param name="file">The file.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="shape">The shape of the dataset.</param>
    /// <param name="size">The bytes of an element.</param>
    public ChunkedReading(ChunkIndex index, ChunkDecoder decoder, SafeFileHandle file, string path, long[] shape, int size)
    {
        (_index, _decoder, _file, _path, _size) = (index, decoder, file, path, size);
        (_shape, _chunk, _counts) = (Padded(shape), Padded(index.Chunk), Padded(index.Counts));
        long room = Math.Max(1, BoxBytes / index.Bytes);
        for (int axis = Axes - 1; axis >= 0; axis--)
        {
            _boxChunks[axis] = Math.Min(_counts[axis], room);
            room /= _boxChunks[axis];
            if (_boxChunks[axis] < _counts[axis])
                break;
        }
    }

    /// <summary>Reads all chunks.</summary>
    /// <exception cref="ArrayContainerException">One is damaged.</exception>
    /// <exception cref="Tables.TemporaryFileException">The elements are many, and there is no room for them on disk.</exception>
    public ScratchBytes Read()
    {
        var rows = new ScratchBytes(_shape[0] * _shape[1] * _shape[2] * _size);
        byte[] stored = ArrayPool<byte>.Shared.Rent((2 * _index.Bytes) + 1024);
        var box = new byte[_boxChunks.Zip(_chunk, (count, size) => count * size).Aggregate(1L, (product, size) => product * size) * _size];
        try
        {
            for (long i = 0; i < _counts[0]; i += _boxChunks[0])
            {
                for (long j = 0; j < _counts[1]; j += _boxChunks[1])
                {
                    for (long k = 0; k < _counts[2]; k += _boxChunks[2])
                        ReadBox([i, j, k], stored, box, rows);
                }
            }

            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    private void ReadBox(long[] first, byte[] stored, byte[] box, ScratchBytes rows)
    {
        long[] from = [.. first.Zip(_chunk, (at, size) => at * size)];
        long[] size = [.. Enumerable.Range(0, Axes).Select(axis => Math.Min(_boxChunks[axis] * _chunk[axis], _shape[axis] - from[axis]))];
        for (long i = first[0]; i < Math.Min(_counts[0], first[0] + _boxChunks[0]); i++)
        {
            for (long j = first[1]; j < Math.Min(_counts[1], first[1] + _boxChunks[1]); j++)
            {
                for (long k = first[2]; k < Math.Min(_counts[2], first[2] + _boxChunks[2]); k++)
                {
                    ReadOnlySpan<byte> elements = Decode((((i * _counts[1]) + j) * _counts[2]) + k, stored).Span;
                    Place(elements, [i * _chunk[0], j * _chunk[1], k * _chunk[2]], from, size, box);
                }
            }
        }

        Write(box, from, size, rows);
    }

    private ReadOnlyMemory<byte> Decode(long number, byte[] stored)
    {
        StoredChunk chunk = _index.Find(number);
        if (chunk.Address > RandomAccess.GetLength(_file) - chunk.Size)
            throw ChunkIndex.Damaged(_path, $"chunk {number} does not end within the file");
        Problems.InputFile.ReadExactly(_file, _path, chunk.Address, stored.AsSpan(0, chunk.Size));
        return _decoder.Decode(stored.AsMemory(0, chunk.Size), chunk.SkippedFilters);
    }

    // A chunk at the edge is as large as the others; what lies outside of the array is not read.
    private void Place(ReadOnlySpan<byte> elements, long[] at, long[] from, long[] size, byte[] box)
    {
        long[] count = [.. Enumerable.Range(0, Axes).Select(axis => Math.Min(_chunk[axis], _shape[axis] - at[axis]))];
        if (count[2] == 1 && (_size == 4 || _size == 8))
        {
            if (_size == 4)
                PlaceColumn(MemoryMarshal.Cast<byte, uint>(elements), at, from, size, count, MemoryMarshal.Cast<byte, uint>(box.AsSpan()));
            else
                PlaceColumn(
                    MemoryMarshal.Cast<byte, ulong>(elements), at, from, size, count, MemoryMarshal.Cast<byte, ulong>(box.AsSpan()));
            return;
        }

        int run = (int)count[2] * _size;
        for (long i = 0; i < count[0]; i++)
        {
            for (long j = 0; j < count[1]; j++)
            {
                int source = (int)(((i * _chunk[1]) + j) * _chunk[2]) * _size;
                long row = ((at[0] - from[0] + i) * size[1]) + at[1] - from[1] + j;
                elements.Slice(source, run).CopyTo(box.AsSpan((int)((row * size[2]) + at[2] - from[2]) * _size, run));
            }
        }
    }

    // h5py's own choice of chunks is often one feature wide, so that each element has to go elsewhere.
    private void PlaceColumn<T>(ReadOnlySpan<T> elements, long[] at, long[] from, long[] size, long[] count, Span<T> box)
    {
        int width = (int)size[2], step = (int)_chunk[2];
        for (long i = 0; i < count[0]; i++)
        {
            int source = (int)(i * _chunk[1]) * step;
            int place = (int)(((((at[0] - from[0] + i) * size[1]) + at[1] - from[1]) * width) + at[2] - from[2]);
            for (int j = 0; j < count[1]; j++, source += step, place += width)
                box[place] = elements[source];
        }
    }

    // Rows of a box that is as wide as the array follow one another there, too.
    private void Write(byte[] box, long[] from, long[] size, ScratchBytes rows)
    {
        long runs = size[2] < _shape[2] ? size[0] * size[1] : size[1] < _shape[1] ? size[0] : 1;
        int length = (int)(size[0] * size[1] * size[2] / runs) * _size;
        for (long run = 0; run < runs; run++)
        {
            (long i, long j) = size[2] < _shape[2] ? Math.DivRem(run, size[1]) : (run, 0);
            long to = ((((from[0] + i) * _shape[1]) + from[1] + j) * _shape[2]) + from[2];
            rows.Write(to * _size, box.AsSpan((int)run * length, length));
        }
    }

    private static long[] Padded(long[] sizes) => [.. Enumerable.Repeat(1L, Axes - sizes.Length), .. sizes];
}
