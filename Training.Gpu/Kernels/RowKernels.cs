using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>
/// What is done to each number of some rows, one thread for each, or to each column of them, in the order of the rows.
/// </summary>
internal static class RowKernels
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    /// <summary>to[r] = to[r] + from[place of r].</summary>
    public static KernelCode Add { get; } = KernelBuilder.Build("add_rows", Threads, k =>
    {
        var (from, places, fromRow) = (k.PointerParameter(), k.PointerParameter(), k.IntParameter());
        var (to, toRow, rows, columns) = (k.PointerParameter(), k.IntParameter(), k.IntParameter(), k.IntParameter());
        Each(k, rows, columns, (row, column) =>
        {
            var at = (row * toRow) + column;
            to.Store(at, to[at] + from[(Chosen(k, places, row) * fromRow) + column]);
        });
    });

    /// <summary>to[place of r] = from[place of r] · factor of r; of places and factors each may be left out.</summary>
    public static KernelCode Copy { get; } = KernelBuilder.Build("copy_rows", Threads, k =>
    {
        var (from, fromPlaces, fromRow) = (k.PointerParameter(), k.PointerParameter(), k.IntParameter());
        var (to, toPlaces, toRow) = (k.PointerParameter(), k.PointerParameter(), k.IntParameter());
        var (factors, adds, rows, columns) = (k.PointerParameter(), k.IntParameter(), k.IntParameter(), k.IntParameter());
        Each(k, rows, columns, (row, column) =>
        {
            var value = k.Variable(from[(Chosen(k, fromPlaces, row) * fromRow) + column]);
            k.If(factors.Exists, () => k.Assign(value, value * factors[row]));
            var at = (Chosen(k, toPlaces, row) * toRow) + column;
            k.If(adds.Is(1), () => k.Assign(value, to[at] + value));
            to.Store(at, value);
        });
    });

    /// <summary>to[r] = from[r] · mask of r, where a number is dropped by its hash, as <c>DropoutMasks</c> has it.</summary>
    public static KernelCode Drop { get; } = KernelBuilder.Build("drop_rows", Threads, k =>
    {
        var (from, fromRow, to, toRow) = (k.PointerParameter(), k.IntParameter(), k.PointerParameter(), k.IntParameter());
        var (keys, threshold, kept) = (k.PointerParameter(), k.WordParameter(), k.FloatParameter());
        var (rows, columns) = (k.IntParameter(), k.IntParameter());
        Each(k, rows, columns, (row, column) =>
        {
            var mask = F32.Choose(Hashes.IsBelow(keys.WordAt(row), column, threshold), 0f, kept);
            to.Store((row * toRow) + column, from[(row * fromRow) + column] * mask);
        });
    });

    /// <summary>to = the sum of all rows, from 0, from the first one to the last.</summary>
    public static KernelCode Sum { get; } = KernelBuilder.Build("sum_rows", Threads, k =>
    {
        var (from, fromRow, to) = (k.PointerParameter(), k.IntParameter(), k.PointerParameter());
        var (rows, columns) = (k.IntParameter(), k.IntParameter());
        Each(k, 1, columns, (_, column) =>
        {
            var sum = k.Variable(0f);
            k.For(0, rows, 1, row => k.Assign(sum, sum + from[(row * fromRow) + column]));
            to.Store(column, sum);
        });
    });

    /// <summary>to = the sum of all rows' products with others, each fused with its addition, in the same order.</summary>
    public static KernelCode SumProducts { get; } = KernelBuilder.Build("sum_products", Threads, k =>
    {
        var (left, leftRow, right, rightRow) = (k.PointerParameter(), k.IntParameter(), k.PointerParameter(), k.IntParameter());
        var (to, rows, columns) = (k.PointerParameter(), k.IntParameter(), k.IntParameter());
        Each(k, 1, columns, (_, column) =>
        {
            var sum = k.Variable(0f);
            k.For(0, rows, 1, row => k.Assign(
                sum, F32.MultiplyAdd(left[(row * leftRow) + column], right[(row * rightRow) + column], sum)));
            to.Store(column, sum);
        });
    });

    /// <summary>
    /// to[place of g] = the sum of the rows of a group, in their order, each times the group's factor; from 0, or from what is there.
    /// </summary>
    public static KernelCode SumGroups { get; } = KernelBuilder.Build("sum_groups", Threads, k =>
    {
        var (from, fromRow, order, ends) = (k.PointerParameter(), k.IntParameter(), k.PointerParameter(), k.PointerParameter());
        var (to, toPlaces, toRow, factors) = (k.PointerParameter(), k.PointerParameter(), k.IntParameter(), k.PointerParameter());
        var (adds, groups, columns) = (k.IntParameter(), k.IntParameter(), k.IntParameter());
        Each(k, groups, columns, (group, column) =>
        {
            var at = (Chosen(k, toPlaces, group) * toRow) + column;
            var sum = k.Variable(0f);
            k.If(adds.Is(1), () => k.Assign(sum, to[at]));
            k.For(ends.IntAt(group), ends.IntAt(group + 1), 1, i =>
            {
                var value = k.Variable(from[(order.IntAt(i) * fromRow) + column]);
                k.If(factors.Exists, () => k.Assign(value, value * factors[group]));
                k.Assign(sum, sum + value);
            });
            to.Store(at, sum);
        });
    });

    /// <summary>All of them.</summary>
    public static IReadOnlyList<KernelCode> All { get; } = [Add, Copy, Drop, Sum, SumProducts, SumGroups];

    private static void Each(KernelBuilder k, Int rows, Int columns, Action<Int, Int> action)
    {
        var at = (k.BlockX * Threads) + k.Thread;
        k.If(at < rows * columns, () => action(at / columns, at % columns));
    }

    private static Int Chosen(KernelBuilder k, Pointer places, Int row)
    {
        var place = k.Variable(row);
        k.If(places.Exists, () => k.Assign(place, places.IntAt(row)));
        return place;
    }
}
