using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>
/// c = init + a · b for large matrices. A block computes 64 × 64 sums, a thread 4 × 4 of them, which stay in its registers; parts of
/// both factors pass through shared memory. Every sum is one chain of fused multiply-adds in the order of its terms, as in the fused
/// engine's products: blocks divide outputs, never a sum.
/// </summary>
internal static class ProductKernel
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    /// <summary>Rows and columns of a block's results.</summary>
    public const int Tile = 64;

    // Terms that are in shared memory at once; results of a thread in each direction; numbers of a step's row there.
    private const int Depth = 16, Side = 4, Stride = Tile + 4;

    /// <summary>Terms lie next to each other in both factors: rows times the transpose of rows.</summary>
    public static KernelCode RowsByRows { get; } = Make("product_rows_rows", aByTerm: true, bByTerm: true);

    /// <summary>Rows times rows.</summary>
    public static KernelCode RowsByColumns { get; } = Make("product_rows_columns", aByTerm: true, bByTerm: false);

    /// <summary>The transpose of rows times rows.</summary>
    public static KernelCode ColumnsByColumns { get; } = Make("product_columns_columns", aByTerm: false, bByTerm: false);

    /// <summary>All of them.</summary>
    public static Products All { get; } = new(RowsByRows, RowsByColumns, ColumnsByColumns, Threads);

    /// <param name="name">The kernel's name.</param>
    /// <param name="aByTerm">Whether threads next to each other load terms of a next to each other; otherwise rows.</param>
    /// <param name="bByTerm">The same of b; otherwise columns.</param>
    private static KernelCode Make(string name, bool aByTerm, bool bByTerm) => KernelBuilder.Build(name, Threads, k =>
    {
        var given = new ProductParameters(k);
        var (init, initRow, c, cRow) = (given.Init, given.InitRow, given.C, given.CRow);
        var (rows, columns, depth) = (given.Rows, given.Columns, given.Depth);
        var (left, right) = (k.Share(Depth * Stride), k.Share(Depth * Stride));
        // Rows are many, and a grid has at most 65,535 blocks in y.
        Int thread = k.Thread, firstRow = k.BlockX * Tile, firstColumn = k.BlockY * Tile;
        Int row = firstRow + ((thread >> 4) << 2), column = firstColumn + ((thread & 15) << 2);
        var leftOwn = left.At((thread >> 4) << 2);
        var rightOwn = right.At((thread & 15) << 2);

        var sums = new F32[Side, Side];
        Each((i, j) =>
        {
            sums[i, j] = k.Variable(0f);
            k.If(init.Exists & (row + i < rows) & (column + j < columns),
                () => k.Assign(sums[i, j], init[((row + i) * initRow) + column + j]));
        });
        k.For(0, depth, Depth, first =>
        {
            Load(k, left, thread, aByTerm, first, depth, firstRow, rows, given.A);
            Load(k, right, thread, bByTerm, first, depth, firstColumn, columns, given.B);
            k.Barrier();

            // No term may be added that is none: a product of zeros would make 0 of −0.
            var count = (depth - first).AtMost(Depth);
            var done = k.Variable((Int)0);
            k.If(count.Is(Depth), () =>
            {
                for (int step = 0; step < Depth; step++)
                    Add(k, sums, leftOwn, rightOwn, step * Stride);
                k.Assign(done, Depth);
            });
            k.For(done, count, 1, step => Add(k, sums, leftOwn.At(step * Stride), rightOwn.At(step * Stride), 0));
            k.Barrier();
        });
        Each((i, j) => k.If((row + i < rows) & (column + j < columns), () => c.Store(((row + i) * cRow) + column + j, sums[i, j])));
    });

    private static void Add(KernelBuilder k, F32[,] sums, Shared left, Shared right, int at)
    {
        var (x, y) = (new F32[Side], new F32[Side]);
        for (int i = 0; i < Side; i++)
            (x[i], y[i]) = (left[at + i], right[at + i]);
        Each((i, j) => k.Assign(sums[i, j], F32.MultiplyAdd(x[i], y[j], sums[i, j])));
    }

    /// <summary>Loads a part of a factor, each thread four numbers, as <c>[term][row or column]</c>.</summary>
    private static void Load(
        KernelBuilder k, Shared to, Int thread, bool byTerm, Int firstTerm, Int depth, Int first, Int end, Func<Int, Int, F32> read)
    {
        for (int part = 0; part < Depth * Tile / Threads; part++)
        {
            var at = thread + (part * Threads);
            Int term = byTerm ? at & (Depth - 1) : at >> 6, line = byTerm ? at >> 4 : at & (Tile - 1);
            var value = k.Variable(0f);
            k.If((firstTerm + term < depth) & (first + line < end), () => k.Assign(value, read(first + line, firstTerm + term)));
            to.Store((term * Stride) + line, value);
        }
    }

    private static void Each(Action<int, int> action)
    {
        for (int i = 0; i < Side; i++)
        {
            for (int j = 0; j < Side; j++)
                action(i, j);
        }
    }
}
