using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Benchmarks.Gpu.Parts;

/// <summary>Two trainers on one device, each on a thread of its own: the bits of each, and what a chunk-step costs then.</summary>
internal static class SharedPart
{
    private const int Rounds = 20;

    public static async Task<string?> RunAsync(Target target, TextWriter output)
    {
        output.WriteLine("shared,cell,layers,lanes,steps,inputs,hidden,outputs,trainers,median µs,least µs");
        int differ = 0;
        foreach (var work in target.IsEmulated ? Work.TimedEmulated : Work.Shared)
        {
            using (var alone = target.Open(work.Model, new SquaredError()))
                output.WriteLine($"shared,{work},1,{StepsPart.Figures(work.Times(alone))}");

            // Both are there before either computes.
            using var both = new Barrier(2);
            var trainers = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
                () => Train(target, work, both), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            foreach (var (_, times) in trainers)
                output.WriteLine($"shared,{work},2,{StepsPart.Figures(times)}");
            differ += trainers.Sum(one => one.Differ);
        }

        return differ == 0 ? null : $"found {differ} numbers that differ from the CPU's while two trainers share the device";
    }

    private static (int Differ, double[] Times) Train(Target target, Work work, Barrier both)
    {
        using var expected = new FusedReplica(work.Model, new SquaredError());
        using var actual = target.Open(work.Model, new SquaredError());
        both.SignalAndWait();
        int differ = 0;
        for (int round = 0; round < (target.IsEmulated ? 2 : Rounds); round++)
            differ += work.Differences(expected, actual);
        both.SignalAndWait();
        return (differ, work.Times(actual));
    }
}
