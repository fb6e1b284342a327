using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>
/// Puts an array in Fortran order, where the first index varies fastest, into rows: what <c>numpy.ascontiguousarray</c> does. NumPy saves a
/// transposed array so, and the values of most data frames.
/// </summary>
/// <remarks>
/// Element (n, t, f) of <c>[N, T, F]</c> lies at n + N·(t + T·f). Blocks of as many n as fit into a buffer are gathered, run by run, and
/// written out as rows: every element is read once and written once.
/// </remarks>
internal static class ColumnMajor
{
    private const int BufferBytes = 32 << 20;

    /// <summary>The elements in row-major order.</summary>
    /// <exception cref="Tables.TemporaryFileException">They are many, and there is no room for them on disk.</exception>
    public static ScratchBytes ToRows(ArrayBytes bytes, NpyHeader header)
    {
        int size = header.Type.Size;
        var rows = new ScratchBytes((long)header.Elements * size);
        try
        {
            switch (size)
            {
                case 1: ToRows<byte>(bytes, header, rows); break;
                case 2: ToRows<ushort>(bytes, header, rows); break;
                case 4: ToRows<uint>(bytes, header, rows); break;
                default: ToRows<ulong>(bytes, header, rows); break;
            }

            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    private static unsafe void ToRows<T>(ArrayBytes bytes, NpyHeader header, ScratchBytes rows) where T : unmanaged
    {
        // Axes of one element take part in no order; two axes are [N, 1, F].
        long[] axes = [.. header.Shape.Where(size => size > 1)];
        (long n, long t, long f) = axes.Length switch
        {
            0 => (1, 1, 1),
            1 => (axes[0], 1, 1),
            2 => (axes[0], 1, axes[1]),
            _ => (axes[0], axes[1], axes[2]),
        };
        long most = BufferBytes / sizeof(T);
        long features = Math.Min(f, most), steps = Math.Min(t, most / features), sequences = Math.Min(n, most / (features * steps));
        T[] block = new T[features * steps * sequences], run = new T[sequences];
        for (long n0 = 0; n0 < n; n0 += sequences)
        {
            for (long t0 = 0; t0 < t; t0 += steps)
            {
                for (long f0 = 0; f0 < f; f0 += features)
                {
                    var size = (N: Math.Min(sequences, n - n0), T: Math.Min(steps, t - t0), F: Math.Min(features, f - f0));
                    for (long at = 0; at < size.T * size.F; at++)
                    {
                        (long step, long feature) = Math.DivRem(at, size.F);
                        long first = n0 + (n * (t0 + step + (t * (f0 + feature))));
                        Span<T> gathered = run.AsSpan(0, (int)size.N);
                        bytes.Read(header.Offset + (first * sizeof(T)), MemoryMarshal.AsBytes(gathered));
                        for (int i = 0; i < gathered.Length; i++)
                            block[(i * size.T * size.F) + at] = gathered[i];
                    }

                    Write(block, size, n0, t0, f0);
                }
            }
        }

        // Rows of a block that is as wide as the array follow one another there, too.
        void Write(T[] values, (long N, long T, long F) size, long n0, long t0, long f0)
        {
            long runs = size.F < f ? size.N * size.T : size.T < t ? size.N : 1;
            int length = (int)(size.N * size.T * size.F / runs);
            for (long i = 0; i < runs; i++)
            {
                (long sequence, long step) = size.F < f ? Math.DivRem(i, size.T) : (i, 0);
                long to = ((((n0 + sequence) * t) + t0 + step) * f) + f0;
                rows.Write(to * sizeof(T), MemoryMarshal.AsBytes(values.AsSpan((int)(i * length), length)));
            }
        }
    }
}
