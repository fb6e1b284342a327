using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Sweeps.Strategies;

/// <summary>Which values a sweep tries. A pure function of the spec and of the results that it is given: it has no state.</summary>
public abstract record SweepStrategy : Choice
{
    /// <summary>The most trials of a sweep.</summary>
    public const int MostTrials = 10_000;

    /// <summary>How many trials there will be.</summary>
    /// <param name="parameters">What is varied.</param>
    public abstract int Count(IReadOnlyList<SweepParameter> parameters);

    /// <summary>Whether the values of a trial depend on results.</summary>
    public virtual bool DependsOnResults => false;

    /// <summary>The values of a trial: for each parameter the number, or of a choice the place of the value.</summary>
    /// <param name="search">What is varied, and the seed.</param>
    /// <param name="trial">The trial, from 0.</param>
    /// <param name="seen">The results that count for it, best first.</param>
    public abstract IReadOnlyList<double> Values(SweepSearch search, int trial, IReadOnlyList<SweepObservation> seen);
}

/// <summary>What a strategy searches.</summary>
/// <param name="Seed">The sweep's seed.</param>
/// <param name="Parameters">What is varied.</param>
public sealed record SweepSearch(long Seed, IReadOnlyList<SweepParameter> Parameters);

/// <summary>What came of a trial.</summary>
/// <param name="Trial">The trial, from 0.</param>
/// <param name="Values">Its values, as the strategy gave them.</param>
/// <param name="Rung">The highest rung that it has come to, from 0.</param>
/// <param name="Cost">Its figure there, such that less is better; infinite where it has none.</param>
public sealed record SweepObservation(int Trial, IReadOnlyList<double> Values, int Rung, double Cost)
{
    /// <summary>
    /// The order of results: higher rungs first, because fewer epochs say less; then by cost; then by trial.
    /// </summary>
    public static IOrderedEnumerable<SweepObservation> BestFirst(IEnumerable<SweepObservation> observations) => observations
        .OrderBy(one => double.IsFinite(one.Cost) ? 0 : 1).ThenByDescending(one => one.Rung).ThenBy(one => one.Cost)
        .ThenBy(one => one.Trial);
}
