using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>Matrix products; every sum runs in the order of its terms.</summary>
internal static unsafe class MatrixProduct
{
    /// <summary>
    /// Numbers in the part of a panel that stays in the second-level cache while all rows are processed: 144 KiB. It need not fit the
    /// first-level cache, into which it is prefetched in order; but the sums are read and written once for each part, which costs more with
    /// shorter parts.
    /// </summary>
    private const int PanelPart = 36 << 10;

    /// <summary>Numbers of the left factor that also stay there while all panels are processed: 240 KiB.</summary>
    private const int LeftPart = 60 << 10;

    /// <summary>Rows of the left factor that are processed with all panels before the next ones.</summary>
    /// <param name="depth">Terms of each sum.</param>
    public static int Block(int depth) =>
        Math.Max(1, LeftPart / Math.Min(depth, PanelPart / Tiles.Columns) / Tiles.Rows) * Tiles.Rows;

    /// <summary>c = init + a · b.</summary>
    /// <param name="a">The left factor.</param>
    /// <param name="b">The right factor, packed.</param>
    /// <param name="init">The initial value of each sum, padded like c's rows; may be c.</param>
    /// <param name="initRow">The row stride of init; 0 to use one row for all.</param>
    /// <param name="c">The result, rows padded to full registers.</param>
    /// <param name="cRow">The row stride of c.</param>
    /// <param name="rows">Rows of a and of the result.</param>
    public static void Multiply(LeftFactor a, Panels b, float* init, nint initRow, float* c, nint cRow, int rows) =>
        Multiply(a, b, 0, b.Columns, init, initRow, c, cRow, rows);

    /// <summary>The same by all members of a team: rows are divided among them, or columns where there are few rows.</summary>
    /// <inheritdoc cref="Multiply(LeftFactor, Panels, float*, nint, float*, nint, int)"/>
    public static void Multiply(Team team, LeftFactor a, Panels b, float* init, nint initRow, float* c, nint cRow, int rows)
    {
        var work = new Product(a, b, init, initRow, c, cRow, rows);
        long cost = (long)rows * b.Columns * b.Depth;
        if (rows >= 2 * Tiles.Rows * team.Size)
            team.Share(new OfRows(work), rows, Tiles.Rows, cost);
        else
            team.Share(new OfColumns(work), b.Columns, Simd.Elementwise.Width, cost);
    }

    /// <summary>The same for some columns of the result.</summary>
    /// <inheritdoc cref="Multiply(LeftFactor, Panels, float*, nint, float*, nint, int)"/>
    /// <param name="a">The left factor.</param>
    /// <param name="b">The right factor, packed.</param>
    /// <param name="firstColumn">The first column, with which a panel begins.</param>
    /// <param name="endColumn">The column behind the last one, which a panel ends before.</param>
    /// <param name="init">The initial value of each sum.</param>
    /// <param name="initRow">The row stride of init.</param>
    /// <param name="c">The result.</param>
    /// <param name="cRow">The row stride of c.</param>
    /// <param name="rows">Rows of a and of the result.</param>
    public static void Multiply(
        LeftFactor a, Panels b, int firstColumn, int endColumn, float* init, nint initRow, float* c, nint cRow, int rows)
    {
        int part = PanelPart / Tiles.Columns;
        for (int first = 0; first < b.Depth; first += part)
        {
            // c holds the partial sums; the rest is added to them.
            int steps = Math.Min(part, b.Depth - first), block = Block(steps);
            for (int top = 0, bottom; top < rows; top = bottom)
            {
                bottom = Math.Min(top + block, rows);
                for (int column = firstColumn, width; column < endColumn; column += width)
                {
                    width = b.Width(column);
                    int registers = width / (Tiles.Columns / Tiles.Registers);
                    float* panel = b.At(column) + (first * b.Step(width));
                    for (int row = top, height; row < bottom; row += height)
                    {
                        height = Height(bottom - row, a.Even);
                        if (initRow != 0)
                            Prefetch(init + ((row + height) * initRow) + column, initRow, Math.Min(height, bottom - row - height), width);
                        Tiles.Of(height, registers)(
                            steps, (float*)a.Start + row * a.Block + first * a.Step, a.Row, a.Step, panel, b.Step(width),
                            init + row * initRow + column, initRow, c + row * cRow + column, cRow);
                    }
                }
            }

            init = c;
            initRow = cRow;
        }
    }

    /// <summary>
    /// Fetches the sums that the next tile continues while this one is computed: they may be further away than a tile's first additions
    /// can wait for.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* sums, nint stride, int rows, int columns)
    {
        const int line = 16;
        if (!Sse.IsSupported)
            return;
        for (; rows > 0; rows--, sums += stride)
        {
            for (int column = 0; column < columns; column += line)
                Sse.Prefetch0(sums + column);
        }
    }

    /// <summary>The last two tiles share their rows evenly, because a tile of few rows is slow.</summary>
    private static int Height(int left, bool even)
    {
        int most = Tiles.Rows;
        return left <= most ? left : !even || left >= 2 * most ? most : (left + 1) / 2;
    }

    private readonly struct Product(LeftFactor a, Panels b, float* init, nint initRow, float* c, nint cRow, int rows)
    {
        public void OfRows(int first, int end) =>
            Multiply(a.From(first), b, init + first * initRow, initRow, c + first * cRow, cRow, end - first);

        public void OfColumns(int first, int end) =>
            Multiply(a, b, b.Boundary(first), b.Boundary(end), init, initRow, c, cRow, rows);
    }

    private readonly struct OfRows(Product product) : IRangeWork
    {
        public void Do(int member, int first, int end) => product.OfRows(first, end);
    }

    private readonly struct OfColumns(Product product) : IRangeWork
    {
        public void Do(int member, int first, int end) => product.OfColumns(first, end);
    }
}
