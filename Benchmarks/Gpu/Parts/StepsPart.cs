using System.Globalization;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Benchmarks.Gpu.Parts;

/// <summary>Times of chunk-steps. What they are compared with, <c>bare_loop.py</c> measures.</summary>
internal static class StepsPart
{
    public static Task<string?> RunAsync(Target target, TextWriter output)
    {
        output.WriteLine("chunk-step,cell,layers,lanes,steps,inputs,hidden,outputs,median µs,least µs,lists replayed");
        foreach (var work in target.IsEmulated ? Work.TimedEmulated : Work.Timed)
        {
            using var replica = target.Open(work.Model, new SquaredError());
            string figures = Figures(work.Times(replica));
            output.WriteLine($"chunk-step,{work},{figures},{Target.Replayed(replica, output)}");
        }

        return Task.FromResult<string?>(null);
    }

    /// <summary>The median and the least of times, in microseconds.</summary>
    public static string Figures(double[] seconds)
    {
        Array.Sort(seconds);
        return string.Create(CultureInfo.InvariantCulture, $"{seconds[seconds.Length / 2] * 1e6:f1},{seconds[0] * 1e6:f1}");
    }
}
