using System.IO.Compression;

namespace Orleans.Tbptt.Journals;

/// <summary>How a column of numbers is stored in a segment.</summary>
/// <param name="Order">How many times differences were taken of the numbers before they were stored.</param>
/// <param name="Planes">
/// Bytes of each of the eight byte planes, the lowest first: 0 where all are zero, the count of numbers where it is stored as it is, fewer
/// where it is compressed.
/// </param>
internal readonly record struct ColumnShape(int Order, int[] Planes);

/// <summary>
/// Stores columns of 64-bit integers, or of the bits of doubles: differences, if they help, then the lowest bytes of all numbers, the
/// second lowest of all, and so on. A plane of noise, as the low bytes of losses are, stays as it is; the others are compressed by zlib.
/// </summary>
internal static class ColumnCodec
{
    private const int Width = sizeof(long);
    private const int LargestOrder = 3;

    /// <summary>Numbers by which the order is chosen.</summary>
    private const int Sample = 8_192;

    /// <summary>Bits of information a byte above which compression gains nothing.</summary>
    private const double Noise = 7.9;

    /// <summary>Appends a column to a buffer.</summary>
    public static ColumnShape Encode(ReadOnlySpan<long> values, MemoryStream output)
    {
        int order = BestOrder(values);
        ulong[] numbers = Differences(values, order);
        int[] planes = new int[Width];
        byte[] plane = new byte[numbers.Length];
        for (int i = 0; i < Width; i++)
        {
            Extract(numbers, i, plane);
            planes[i] = Write(plane, output);
        }

        return new(order, planes);
    }

    /// <summary>The numbers of a column.</summary>
    /// <param name="data">What <see cref="Encode"/> has written.</param>
    /// <param name="count">How many numbers there are.</param>
    /// <param name="shape">How they are stored.</param>
    /// <exception cref="InvalidDataException">The data are not such a column.</exception>
    public static long[] Decode(ReadOnlySpan<byte> data, int count, ColumnShape shape)
    {
        if (shape.Planes is not { Length: Width } || shape.Planes.Any(length => length < 0) || shape.Planes.Sum() != data.Length)
            throw new InvalidDataException($"a column of {data.Length} bytes has not the planes {string.Join(", ", shape.Planes ?? [])}");
        long[] values = new long[count];
        byte[] plane = new byte[count];
        for (int i = 0; i < Width; i++)
        {
            int length = shape.Planes[i];
            if (length == 0)
                continue;
            if (length == count)
                data[..length].CopyTo(plane);
            else
                Decompress(data[..length], plane);
            data = data[length..];
            for (int row = 0; row < count; row++)
                values[row] |= (long)plane[row] << (8 * i);
        }

        Sum(values, shape.Order);
        return values;
    }

    /// <summary>What <see cref="Decompress"/> reads back.</summary>
    public static void Compress(ReadOnlySpan<byte> data, Stream output, CompressionLevel level)
    {
        using var zlib = new ZLibStream(output, level, leaveOpen: true);
        zlib.Write(data);
    }

    /// <summary>Fills a buffer from compressed data.</summary>
    /// <exception cref="InvalidDataException">The data are damaged, or have another length.</exception>
    public static void Decompress(ReadOnlySpan<byte> data, Span<byte> all)
    {
        using var source = new MemoryStream(data.ToArray());
        using var zlib = new ZLibStream(source, CompressionMode.Decompress);
        int read = zlib.ReadAtLeast(all, all.Length, throwOnEndOfStream: false);
        if (read < all.Length || zlib.ReadByte() >= 0)
            throw new InvalidDataException($"compressed data hold another number of bytes than {all.Length}");
    }

    private static int Write(byte[] plane, MemoryStream output)
    {
        if (!plane.AsSpan().ContainsAnyExcept((byte)0))
            return 0;
        long begin = output.Position;
        if (Information(plane) < Noise)
        {
            Compress(plane, output, CompressionLevel.Fastest);
            if (output.Position - begin < plane.Length)
                return (int)(output.Position - begin);
            output.SetLength(begin);
        }

        output.Write(plane);
        return plane.Length;
    }

    private static void Extract(ulong[] numbers, int index, byte[] plane)
    {
        for (int row = 0; row < plane.Length; row++)
            plane[row] = (byte)(numbers[row] >> (8 * index));
    }

    private static int BestOrder(ReadOnlySpan<long> values)
    {
        var sample = values.Length <= Sample ? values : values.Slice((values.Length - Sample) / 2, Sample);
        byte[] plane = new byte[sample.Length];
        (int order, double least) = (0, double.MaxValue);
        for (int candidate = 0; candidate <= LargestOrder; candidate++)
        {
            ulong[] numbers = Differences(sample, candidate);
            double bits = 0;
            for (int i = 0; i < Width; i++)
            {
                Extract(numbers, i, plane);
                bits += Information(plane);
            }

            // A simpler one is taken unless the difference pays.
            if (bits < least - 0.05)
                (order, least) = (candidate, bits);
        }

        return order;
    }

    /// <summary>Differences, sign in the lowest bit, so that small ones of both signs have zero high bytes. Wraps around.</summary>
    private static ulong[] Differences(ReadOnlySpan<long> values, int order)
    {
        long[] numbers = values.ToArray();
        for (int pass = 0; pass < order; pass++)
        {
            for (int row = numbers.Length - 1; row > 0; row--)
                numbers[row] = unchecked(numbers[row] - numbers[row - 1]);
        }

        ulong[] result = new ulong[numbers.Length];
        for (int row = 0; row < numbers.Length; row++)
            result[row] = order == 0 ? (ulong)numbers[row] : (ulong)((numbers[row] << 1) ^ (numbers[row] >> 63));
        return result;
    }

    private static void Sum(long[] values, int order)
    {
        if (order == 0)
            return;
        for (int row = 0; row < values.Length; row++)
            values[row] = (long)((ulong)values[row] >> 1) ^ -(values[row] & 1);
        for (int pass = 0; pass < order; pass++)
        {
            for (int row = 1; row < values.Length; row++)
                values[row] = unchecked(values[row] + values[row - 1]);
        }
    }

    /// <summary>Shannon's entropy of the bytes, in bits a byte.</summary>
    private static double Information(ReadOnlySpan<byte> bytes)
    {
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        foreach (byte one in bytes)
            counts[one]++;
        double bits = 0;
        foreach (int count in counts)
        {
            if (count > 0)
                bits -= count * Math.Log2((double)count / bytes.Length);
        }

        return bytes.Length == 0 ? 0 : bits / bytes.Length;
    }
}
