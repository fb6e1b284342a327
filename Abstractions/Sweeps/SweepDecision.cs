using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Sweeps;

/// <summary>What a sweep has decided or taken note of: a line of <c>decisions.jsonl</c>.</summary>
/// <remarks>
/// The same lines, byte for byte, in every sweep of one spec and data, whatever was killed on the way: they have no time, no machine and no
/// name of a run.
/// </remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(TrialBegun), "trial")]
[JsonDerivedType(typeof(RungReached), "rung")]
[JsonDerivedType(typeof(TrialPromoted), "promote")]
public abstract record SweepDecision
{
    /// <summary>Its number, from 1.</summary>
    [JsonPropertyOrder(-1)] public int Number { get; init; }

    /// <summary>The trial, from 0.</summary>
    [JsonPropertyOrder(-1)] public required int Trial { get; init; }
}

/// <summary>A trial is begun with some values, and trained to the first rung.</summary>
public sealed record TrialBegun : SweepDecision
{
    /// <summary>The values of the parameters as YAML, in their order.</summary>
    public required IReadOnlyList<string> Values { get; init; }
}

/// <summary>A trial has come to a rung.</summary>
public sealed record RungReached : SweepDecision
{
    /// <summary>The rung, from 0.</summary>
    public required int Rung { get; init; }

    /// <summary>Its figure; NaN, written as null, where it has none.</summary>
    public required double Value { get; init; }

    /// <summary>Why it has none, in words; not written where it has one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Problem { get; init; }
}

/// <summary>A trial is trained further.</summary>
public sealed record TrialPromoted : SweepDecision
{
    /// <summary>The rung to which it is trained, from 0.</summary>
    public required int Rung { get; init; }
}

/// <summary>What came of a trial at a rung.</summary>
/// <param name="Value">Its figure; NaN where it has none.</param>
/// <param name="Problem">Why it has none, in words; null where it has one.</param>
public sealed record SweepResult(double Value, string? Problem = null);

/// <summary>A trial to be trained to a rung.</summary>
/// <param name="Trial">The trial, from 0.</param>
/// <param name="Rung">The rung, from 0.</param>
public readonly record struct SweepJob(int Trial, int Rung);
