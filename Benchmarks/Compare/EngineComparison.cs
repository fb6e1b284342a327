using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Torch.Native;

namespace Orleans.Tbptt.Benchmarks.Compare;

/// <summary>A contestant's result: the medians over the rounds.</summary>
/// <param name="Name">The contestant.</param>
/// <param name="Microseconds">Microseconds of the processor per chunk-step.</param>
/// <param name="Ratio">Its time divided by the fused engine's, the median of the rounds' ratios.</param>
internal sealed record Standing(string Name, double Microseconds, double Ratio);

/// <summary>The results of a case.</summary>
/// <param name="Case">The case.</param>
/// <param name="Standings">Its contestants, the fused engine first.</param>
/// <param name="Peak">The processor's peak, <see cref="Compare.Peak"/>, measured in the same rounds: the median.</param>
internal sealed record CaseResult(CompareCase Case, IReadOnlyList<Standing> Standings, double Peak);

/// <summary>
/// A chunk-step on one thread: the project's two engines and bare loops. Contestants alternate within a round, so that machine noise
/// affects all of them alike.
/// </summary>
internal static class EngineComparison
{
    /// <summary>Compares the contestants on a case; the fused engine comes first.</summary>
    public static CaseResult Run(CompareCase one, int rounds, TimeSpan time)
    {
        NativeBackend.Initialize();
        var contestants = new List<IContestant>
        {
            new EngineContestant(one, new FusedEngine()), new EngineContestant(one, new LibtorchEngine()), new BareContestant(one),
        };
        if (PythonContestant.TryStart(one) is { } python)
            contestants.Add(python);
        else
            Console.WriteLine("found no python3 with torch: PyTorch is skipped");
        try
        {
            foreach (var contestant in contestants)
                contestant.Measure(time); // warm-up
            var figures = new double[rounds][];
            var peaks = new double[rounds];
            for (int round = 0; round < rounds; round++)
            {
                figures[round] = [.. contestants.Select(contestant => contestant.Measure(time))];
                peaks[round] = Peak.Measure(time / 4);
                string figuresOfAll = string.Join(", ", contestants.Zip(figures[round], (who, figure) => $"{who.Name} {figure:f1} µs"));
                Console.WriteLine($"{one.Name}, round {round + 1}: {figuresOfAll}; the processor has {peaks[round]:f0} GFLOP/s");
            }

            return new(
                one,
                [.. contestants.Select((who, i) => new Standing(
                    who.Name, Medians.Of(figures.Select(round => round[i])), Medians.Of(figures.Select(round => round[i] / round[0]))))],
                Medians.Of(peaks));
        }
        finally
        {
            foreach (var contestant in contestants)
                contestant.Dispose();
        }
    }
}
