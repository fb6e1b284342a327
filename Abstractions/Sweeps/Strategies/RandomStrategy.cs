using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Sweeps.Strategies;

/// <summary>Independent random values (Bergstra and Bengio, 2012).</summary>
public sealed record RandomStrategy : SweepStrategy
{
    /// <summary>How many trials. Default 20.</summary>
    public int Trials { get; init; } = 20;

    /// <inheritdoc/>
    public override string Word => "random";

    /// <inheritdoc/>
    public override string About => "independent random values";

    /// <inheritdoc/>
    public override int Count(IReadOnlyList<SweepParameter> parameters) => Trials;

    /// <inheritdoc/>
    public override IReadOnlyList<double> Values(SweepSearch search, int trial, IReadOnlyList<SweepObservation> seen) =>
        Draw(search, trial);

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with { Trials = TrialCount(walk, Trials) };

    /// <summary>Independent random values for a trial.</summary>
    /// <param name="search">What is varied.</param>
    /// <param name="trial">The trial.</param>
    internal static IReadOnlyList<double> Draw(SweepSearch search, int trial)
    {
        ulong key = KeyOf(search.Seed, trial);
        return [.. search.Parameters.Select((parameter, i) => parameter.At(CounterRandom.Uniform(key, (ulong)i)))];
    }

    /// <summary>The random numbers of a trial.</summary>
    internal static ulong KeyOf(long seed, int trial) =>
        CounterRandom.Derive(CounterRandom.Key(seed, RandomPurpose.Sweep), (ulong)trial);

    /// <summary>The key that says how many trials there are.</summary>
    internal static int TrialCount(SpecWalk walk, int trials) => walk.Count("trials", trials, "how many trials there are", max: MostTrials);
}
