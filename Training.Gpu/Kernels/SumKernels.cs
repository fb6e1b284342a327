using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>
/// Sums in double precision in the order that the CPU's have, by one block: its threads bring a part of the numbers into shared memory, and
/// one thread for each of the order's chains adds them up.
/// </summary>
internal static class SumKernels
{
    /// <summary>Threads of the block.</summary>
    public const int Threads = 256;

    // Numbers that are in shared memory at once.
    private const int Part = 2048;

    /// <summary>The sum of float64 numbers, from the first one to the last.</summary>
    public static KernelCode InOrder { get; } = KernelBuilder.Build("sum_in_order", Threads, k =>
    {
        var (numbers, sum, count) = (k.PointerParameter(), k.PointerParameter(), k.IntParameter());
        var part = k.ShareDoubles(Part);
        var total = Chains(k, count, 1, (i, at) => part.Store(i, numbers.DoubleAt(at)), i => part[i]);
        k.If(k.Thread.Is(0), () => sum.Store(0, total));
    });

    /// <summary>The sum of float32 numbers in the order of <see cref="FixedSum"/>.</summary>
    public static KernelCode Fixed { get; } = MakeFixed("sum_fixed", value => value);

    /// <summary>The same of their squares.</summary>
    public static KernelCode FixedOfSquares { get; } = MakeFixed("sum_fixed_squares", value => value * value);

    /// <summary>The tree over the partial sums of <see cref="FixedSum"/>.</summary>
    public static F64 Tree(Func<int, F64> partial) =>
        ((partial(0) + partial(1)) + (partial(2) + partial(3))) + ((partial(4) + partial(5)) + (partial(6) + partial(7)));

    private static KernelCode MakeFixed(string name, Func<F64, F64> term) => KernelBuilder.Build(name, Threads, k =>
    {
        var (numbers, sum, count) = (k.PointerParameter(), k.PointerParameter(), k.IntParameter());
        var part = k.Share(Part);
        var partial = k.ShareDoubles(FixedSum.Width);
        var own = Chains(k, count, FixedSum.Width, (i, at) => part.Store(i, numbers[at]), i => term(F64.Of(part[i])));
        k.If(k.Thread < FixedSum.Width, () => partial.Store(k.Thread, own));
        k.Barrier();
        k.If(k.Thread.Is(0), () => sum.Store(0, Tree(i => partial[i])));
    });

    /// <summary>
    /// Sums of which each thread below a number of them has one: of every so many numbers, in order. What lies behind the last number adds
    /// nothing, also where the CPU adds zeros: no sum that begins with 0 is −0.
    /// </summary>
    private static F64 Chains(KernelBuilder k, Int count, int chains, Action<Int, Int> bring, Func<Int, F64> read)
    {
        var sum = k.DoubleVariable(0.0);
        var thread = k.Thread;
        k.For(0, count, Part, first =>
        {
            var here = (count - first).AtMost(Part);
            k.For(thread, here, Threads, i => bring(i, first + i));
            k.Barrier();
            k.If(thread < chains, () => k.For(thread, here, chains, i => k.Assign(sum, sum + read(i))));
            k.Barrier();
        });
        return sum;
    }
}
