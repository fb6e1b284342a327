using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Sweeps.Strategies;

namespace Orleans.Tbptt.Sweeps;

/// <summary>
/// A search over values of a run spec's keys. What a sweep decides is a pure function of this, of the data, and of nothing else.
/// </summary>
public sealed record SweepSpec
{
    /// <summary>Trials that are under way at once where nothing else is said.</summary>
    public const int DefaultParallel = 4;

    /// <summary>The name; part of the sweep's id.</summary>
    public required string Name { get; init; }

    /// <summary>Seed of every random choice of the sweep. Default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>The spec whose keys are varied.</summary>
    public required SpecText Base { get; init; }

    /// <summary>The epochs of that spec.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>What is varied, in the order of the document.</summary>
    public required IReadOnlyList<SweepParameter> Parameters { get; init; }

    /// <summary>Which values are tried.</summary>
    public required SweepStrategy Strategy { get; init; }

    /// <summary>After how many epochs which trials end; null where all are trained to their end.</summary>
    public HalvingSpec? Halving { get; init; }

    /// <summary>What trials are compared by.</summary>
    public SweepObjective Objective { get; init; } = new();

    /// <summary>
    /// Trials that are under way at once. Part of what a sweep decides: the values of trial i depend on the results of trials up to
    /// i − <see cref="Parallel"/>.
    /// </summary>
    public int Parallel { get; init; } = DefaultParallel;

    /// <summary>The epochs of each rung, in order; the last one is the spec's.</summary>
    public IReadOnlyList<int> Rungs => Halving?.Rungs(Epochs) ?? [Epochs];

    /// <summary>How many trials there will be.</summary>
    public int Trials => Strategy.Count(Parameters);

    /// <summary>Whether a decision depends on the result of a trial.</summary>
    public bool DependsOnResults => Halving is not null || Strategy.DependsOnResults;

    /// <summary>The spec of a trial, as it is submitted.</summary>
    /// <param name="values">The values of the parameters as YAML, in their order.</param>
    /// <param name="more">Further options.</param>
    public SpecText Of(IReadOnlyList<string> values, params IReadOnlyList<string> more) => Base with
    {
        Sets = [.. Base.Sets, .. Parameters.Zip(values, (parameter, value) => $"{parameter.Key}={value}"), .. more],
    };
}
