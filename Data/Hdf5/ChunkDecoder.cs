using System.IO.Compression;
using System.Runtime.InteropServices;
using PureHDF.Filters;

namespace Orleans.Tbptt.Data.Hdf5;

/// <summary>Undoes the filters of chunks, one chunk after another, in buffers that are used again.</summary>
/// <param name="filters">The filters in the order in which they were applied.</param>
/// <param name="bytes">The bytes of a chunk's elements.</param>
internal sealed class ChunkDecoder(IReadOnlyList<Hdf5Filter> filters, int bytes)
{
    private readonly byte[] _unshuffled = filters.Any(filter => filter.Id == ShuffleFilter.Id) ? new byte[bytes] : [];

    // Each checksum behind what Deflate packed adds four.
    private readonly byte[] _inflated = new byte[bytes + (4 * filters.Count)];

    /// <summary>The elements of a chunk.</summary>
    /// <param name="stored">The chunk as it lies in the file.</param>
    /// <param name="skipped">The filters that were not applied to it, a bit each.</param>
    /// <returns>The elements; valid until the next call.</returns>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public ReadOnlyMemory<byte> Decode(Memory<byte> stored, uint skipped)
    {
        for (int i = filters.Count - 1; i >= 0; i--)
        {
            if (((skipped >> i) & 1) != 0)
                continue;
            stored = filters[i].Id switch
            {
                DeflateFilter.Id => Inflate(stored),
                ShuffleFilter.Id when stored.Length == bytes => Unshuffle(stored),
                Fletcher32Filter.Id when stored.Length > 4 => Checked(stored),
                _ => throw new InvalidDataException($"{stored.Length} bytes"),
            };
        }

        return stored.Length == bytes ? stored : throw new InvalidDataException($"{stored.Length} of {bytes} bytes");
    }

    /// <summary>The bytes of an element, by which they are shuffled.</summary>
    public required int ElementSize { get; init; }

    private Memory<byte> Checked(Memory<byte> stored) =>
        new Fletcher32Filter().Filter(new(H5FilterFlags.Decompress, [], bytes, stored));

    /// <summary>
    /// Puts the bytes of each element together again: shuffled, the first bytes of all elements lie before all second ones. The library's
    /// filter allocates each chunk anew.
    /// </summary>
    private Memory<byte> Unshuffle(Memory<byte> stored)
    {
        int count = bytes / ElementSize;
        Span<byte> from = stored.Span, to = _unshuffled;
        switch (ElementSize)
        {
            case 4:
                Span<uint> fours = MemoryMarshal.Cast<byte, uint>(to);
                Span<byte> first = from[..count], second = from.Slice(count, count), third = from.Slice(2 * count, count),
                    fourth = from.Slice(3 * count, count);
                for (int i = 0; i < count; i++)
                    fours[i] = first[i] | ((uint)second[i] << 8) | ((uint)third[i] << 16) | ((uint)fourth[i] << 24);
                break;
            default:
                for (int part = 0; part < ElementSize; part++)
                {
                    Span<byte> parts = from.Slice(part * count, count);
                    for (int i = 0, at = part; i < parts.Length; i++, at += ElementSize)
                        to[at] = parts[i];
                }

                break;
        }

        return _unshuffled;
    }

    private unsafe Memory<byte> Inflate(Memory<byte> packed)
    {
        using var pin = packed.Pin();
        using var stream = new UnmanagedMemoryStream((byte*)pin.Pointer, packed.Length);
        using var inflated = new ZLibStream(stream, CompressionMode.Decompress);
        int count = inflated.ReadAtLeast(_inflated, _inflated.Length, throwOnEndOfStream: false);
        if (count == _inflated.Length && inflated.ReadByte() >= 0)
            throw new InvalidDataException($"more than {count} bytes");
        return _inflated.AsMemory(0, count);
    }
}
