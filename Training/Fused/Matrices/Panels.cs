using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>
/// The right factor of a product, <c>[depth, columns]</c>, in the order in which a tile reads it: panels of as many columns as a tile has,
/// the columns of a step contiguous, step after step. The last panel is padded with zeros to full registers.
/// </summary>
internal sealed unsafe class Panels : IDisposable
{
    private readonly NativeFloats _memory = new();
    private float* _rows;
    private nint _stride;

    /// <summary>Terms of each sum.</summary>
    public int Depth { get; private set; }

    /// <summary>Columns of the result.</summary>
    public int Columns { get; private set; }

    /// <summary>The first number of a panel.</summary>
    /// <param name="column">Its first column.</param>
    public float* At(int column) => _rows is null ? _memory.Start + (long)column * Depth : _rows + column;

    /// <summary>The stride between the steps of a panel.</summary>
    /// <param name="width">Its columns, padding included.</param>
    public nint Step(int width) => _rows is null ? width : _stride;

    /// <summary>
    /// Takes rows where they are, number [k, n] is <c>rows[k · stride + n]</c>: faster where so few tiles read them that packing costs
    /// more. The rows must be padded to full registers.
    /// </summary>
    public void Take(float* rows, nint stride, int depth, int columns)
    {
        _rows = rows;
        (_stride, Depth, Columns) = (stride, depth, columns);
    }

    /// <summary>
    /// Columns of the panel that begins at a column, padding included: as many as a tile has, but the last two panels share theirs evenly,
    /// because a narrow one is slow.
    /// </summary>
    /// <param name="column">Its first column: the end of the previous panel.</param>
    public int Width(int column)
    {
        int left = Rows.Padded(Columns - column), most = Tiles.Columns;
        return left <= most ? left : left >= most + 2 * Elementwise.Width ? most : 2 * Elementwise.Width;
    }

    /// <summary>Packs rows: number [k, n] is <c>source[k · stride + n]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack(float* source, nint stride, int depth, int columns)
    {
        Begin(depth, columns);
        for (int column = 0, width; column < columns; column += width)
        {
            width = Width(column);
            int filled = Math.Min(width, columns - column);
            float* to = At(column);
            for (int k = 0; k < depth; k++, to += width)
                Copy(source + k * stride + column, to, filled, width);
        }
    }

    /// <summary>Packs chosen rows: number [k, n] is <c>source[chosen[k] · stride + n]</c>, or k counts from their end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack(float* source, nint stride, ReadOnlySpan<int> chosen, int columns, RowSums sums = RowSums.Ascending)
    {
        Begin(chosen.Length, columns);
        for (int column = 0, width; column < columns; column += width)
        {
            width = Width(column);
            int filled = Math.Min(width, columns - column);
            float* to = At(column);
            for (int k = 0; k < chosen.Length; k++, to += width)
            {
                nint row = chosen[sums == RowSums.Ascending ? k : chosen.Length - 1 - k];
                Copy(source + row * stride + column, to, filled, width);
            }
        }
    }

    /// <summary>Packs the transpose of rows: number [k, n] is <c>source[n · stride + k]</c>.</summary>
    public void PackTransposed(float* source, nint stride, int depth, int columns)
    {
        // Of each source row a cache line is consumed before the next one is touched.
        const int line = 16;
        Begin(depth, columns);
        for (int column = 0, width; column < columns; column += width)
        {
            width = Width(column);
            int filled = Math.Min(width, columns - column);
            float* panel = At(column);
            for (int first = 0; first < depth; first += line)
            {
                int steps = Math.Min(line, depth - first);
                Transposing.Run(source + (column * stride) + first, stride, panel + ((nint)first * width), width, filled, steps);
            }

            for (int k = 0; filled < width && k < depth; k++)
                new Span<float>(panel + ((nint)k * width) + filled, width - filled).Clear();
        }
    }

    public void Dispose() => _memory.Dispose();

    private void Begin(int depth, int columns)
    {
        _rows = null;
        (Depth, Columns) = (depth, columns);
        _memory.Reserve((long)Rows.Padded(columns) * depth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* from, float* to, int filled, int width)
    {
        int at = 0;
        for (; at + 8 <= filled; at += 8)
            Vector256.Store(Vector256.Load(from + at), to + at);
        for (; at < filled; at++)
            to[at] = from[at];
        for (; at < width; at++)
            to[at] = 0;
    }
}
