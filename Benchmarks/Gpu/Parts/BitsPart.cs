using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Benchmarks.Gpu.Parts;

/// <summary>
/// The bits of single chunks against those of the CPU, command by command and replayed, copied with their step and ahead of it.
/// </summary>
internal static class BitsPart
{
    // A list is run, then made into a graph, then replayed only.
    private const int Rounds = 3;

    public static Task<string?> RunAsync(Target target, TextWriter output)
    {
        output.WriteLine("bits,cell,layers,lanes,steps,inputs,hidden,outputs,numbers that differ,lists replayed");
        int unlike = 0, plain = 0;
        foreach (var work in target.IsEmulated ? Work.ExactEmulated : Work.Exact)
        {
            using var expected = new FusedReplica(work.Model, new SquaredError());
            using var actual = target.Open(work.Model, new SquaredError());
            int differ = 0;
            for (int round = 0; round < 2 * Rounds; round++)
                differ += work.Differences(expected, actual, ahead: round >= Rounds);
            unlike += differ > 0 ? 1 : 0;
            int replayed = Target.Replayed(actual, output);
            plain += replayed == 0 ? 1 : 0;
            output.WriteLine($"bits,{work},{differ},{replayed}");
        }

        return Task.FromResult(unlike > 0 ? $"found other bits in {unlike} networks"
            : plain > 0 ? $"found {plain} networks of which nothing was replayed, expected 0; the figures say what failed" : null);
    }
}
