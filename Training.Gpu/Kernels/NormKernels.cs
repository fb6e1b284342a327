using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>The normalisation of rows, forward and backward, with the sums and the roundings of <see cref="LayerNorm"/>.</summary>
internal static class NormKernels
{
    /// <summary>From rows to normal ones, which are kept with their scales, and to what they become by weight and bias.</summary>
    public static KernelCode Forward { get; } = KernelBuilder.Build("norm_forward", RowThreads.Threads, k =>
    {
        var (from, weight, bias, to) = (k.PointerParameter(), k.PointerParameter(), k.PointerParameter(), k.PointerParameter());
        var (normal, scales, rows, columns) = (k.PointerParameter(), k.PointerParameter(), k.IntParameter(), k.IntParameter());
        var threads = new RowThreads(k, rows);
        var (sums, squares) = (threads.ShareSums(), threads.ShareSums());
        Int at = threads.Row * columns;
        var count = F64.Of(columns);

        var sum = k.DoubleVariable(0.0);
        threads.Each(threads.IsRow, columns, i => k.Assign(sum, sum + F64.Of(from[at + i])));
        sums.Put(sum);
        k.Barrier();
        var mean = (sums.Sum() / count).Rounded;
        k.Assign(sum, 0.0);
        threads.Each(threads.IsRow, columns, i =>
        {
            var difference = from[at + i] - mean;
            normal.Store(at + i, difference);
            k.Assign(sum, sum + F64.Of(difference * difference));
        });
        squares.Put(sum);
        k.Barrier();
        var scale = ((F64)1.0 / ((squares.Sum() / count) + LayerNorm.Epsilon).SquareRoot).Rounded;
        threads.Each(threads.IsRow, columns, i =>
        {
            var value = normal[at + i] * scale;
            normal.Store(at + i, value);
            to.Store(at + i, F32.MultiplyAdd(value, weight[i], bias[i]));
        });
        k.If(threads.IsRow & threads.Part.Is(0), () => scales.Store(threads.Row, scale));
    });

    /// <summary>From the gradient of what rows have become to that of the rows, in its place.</summary>
    public static KernelCode Backward { get; } = KernelBuilder.Build("norm_backward", RowThreads.Threads, k =>
    {
        var (own, normal, scales, weight) = (k.PointerParameter(), k.PointerParameter(), k.PointerParameter(), k.PointerParameter());
        var (rows, columns) = (k.IntParameter(), k.IntParameter());
        var threads = new RowThreads(k, rows);
        var (sums, products) = (threads.ShareSums(), threads.ShareSums());
        Int at = threads.Row * columns;
        var count = F64.Of(columns);

        F64 sum = k.DoubleVariable(0.0), product = k.DoubleVariable(0.0);
        threads.Each(threads.IsRow, columns, i =>
        {
            var gradient = own[at + i] * weight[i];
            own.Store(at + i, gradient);
            k.Assign(sum, sum + F64.Of(gradient));
            k.Assign(product, product + F64.Of(gradient * normal[at + i]));
        });
        sums.Put(sum);
        products.Put(product);
        k.Barrier();
        F32 mean = (sums.Sum() / count).Rounded, slope = (products.Sum() / count).Rounded;
        threads.Each(
            threads.IsRow, columns,
            i => own.Store(at + i, F32.MultiplyAdd(-normal[at + i], slope, own[at + i] - mean) * scales[threads.Row]));
    });
}
