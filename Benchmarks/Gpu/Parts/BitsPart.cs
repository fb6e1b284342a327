using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Benchmarks.Gpu.Parts;

/// <summary>The bits of single chunks against those of the CPU.</summary>
internal static class BitsPart
{
    public static Task<string?> RunAsync(Target target, TextWriter output)
    {
        output.WriteLine("bits,cell,layers,lanes,steps,inputs,hidden,outputs,numbers that differ");
        int unlike = 0;
        foreach (var work in target.IsEmulated ? Work.ExactEmulated : Work.Exact)
        {
            using var expected = new FusedReplica(work.Model, new SquaredError());
            using var actual = target.Open(work.Model, new SquaredError());
            int differ = work.Differences(expected, actual);
            unlike += differ > 0 ? 1 : 0;
            output.WriteLine($"bits,{work},{differ}");
        }

        return Task.FromResult(unlike == 0 ? null : $"found other bits in {unlike} networks");
    }
}
