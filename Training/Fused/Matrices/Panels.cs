using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Fused.Threads;

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

    /// <summary>The first column of the first panel that begins at a column or behind it; all columns where none does.</summary>
    public int Boundary(int column)
    {
        int at = 0;
        while (at < column && at < Columns)
            at += Width(at);
        return Math.Min(at, Columns);
    }

    /// <summary>Packs rows: number [k, n] is <c>source[k · stride + n]</c>.</summary>
    public void Pack(Team team, float* source, nint stride, int depth, int columns)
    {
        Begin(depth, columns);
        team.Share(new RowsPacking(this, source, stride), columns, Elementwise.Width, CostOfPacking);
    }

    /// <summary>Packs some panels, after <see cref="Begin"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void PackSome(float* source, nint stride, int first, int end)
    {
        for (int column = Boundary(first), behind = Boundary(end), width; column < behind; column += width)
        {
            width = Width(column);
            int filled = Math.Min(width, Columns - column);
            float* to = At(column);
            for (int k = 0; k < Depth; k++, to += width)
                Copy(source + k * stride + column, to, filled, width);
        }
    }

    /// <summary>Packs chosen rows: number [k, n] is <c>source[chosen[k] · stride + n]</c>, or k counts from their end.</summary>
    public void Pack(
        Team team, float* source, nint stride, ReadOnlySpan<int> chosen, int columns, RowSums sums = RowSums.Ascending)
    {
        Begin(chosen.Length, columns);
        fixed (int* rows = chosen)
            team.Share(new ChosenPacking(this, source, stride, rows, sums), columns, Elementwise.Width, CostOfPacking);
    }

    /// <summary>Packs the transpose of rows: number [k, n] is <c>source[n · stride + k]</c>.</summary>
    public void PackTransposed(Team team, float* source, nint stride, int depth, int columns)
    {
        Begin(depth, columns);
        team.Share(new TransposedPacking(this, source, stride), columns, Elementwise.Width, CostOfPacking);
    }

    /// <summary>Prepares for so many numbers.</summary>
    public void Begin(int depth, int columns)
    {
        _rows = null;
        (Depth, Columns) = (depth, columns);
        _memory.Reserve((long)Rows.Padded(columns) * depth);
    }

    public void Dispose() => _memory.Dispose();

    // A number that is copied takes as long as several multiply-adds.
    private long CostOfPacking => 8L * Depth * Columns;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackChosen(float* source, nint stride, int* chosen, RowSums sums, int first, int end)
    {
        for (int column = Boundary(first), behind = Boundary(end), width; column < behind; column += width)
        {
            width = Width(column);
            int filled = Math.Min(width, Columns - column);
            float* to = At(column);
            for (int k = 0; k < Depth; k++, to += width)
            {
                nint row = chosen[sums == RowSums.Ascending ? k : Depth - 1 - k];
                Copy(source + row * stride + column, to, filled, width);
            }
        }
    }

    private void PackTransposed(float* source, nint stride, int begin, int end)
    {
        // Of each source row a cache line is consumed before the next one is touched.
        const int line = 16;
        for (int column = Boundary(begin), behind = Boundary(end), width; column < behind; column += width)
        {
            width = Width(column);
            int filled = Math.Min(width, Columns - column);
            float* panel = At(column);
            for (int first = 0; first < Depth; first += line)
            {
                int steps = Math.Min(line, Depth - first);
                Transposing.Run(source + (column * stride) + first, stride, panel + ((nint)first * width), width, filled, steps);
            }

            for (int k = 0; filled < width && k < Depth; k++)
                new Span<float>(panel + ((nint)k * width) + filled, width - filled).Clear();
        }
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

    private readonly struct RowsPacking(Panels panels, float* source, nint stride) : IRangeWork
    {
        public void Do(int member, int first, int end) => panels.PackSome(source, stride, first, end);
    }

    private readonly struct ChosenPacking(Panels panels, float* source, nint stride, int* chosen, RowSums sums) : IRangeWork
    {
        public void Do(int member, int first, int end) => panels.PackChosen(source, stride, chosen, sums, first, end);
    }

    private readonly struct TransposedPacking(Panels panels, float* source, nint stride) : IRangeWork
    {
        public void Do(int member, int first, int end) => panels.PackTransposed(source, stride, first, end);
    }
}
