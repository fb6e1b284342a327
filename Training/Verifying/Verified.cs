using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Training.Verifying;

/// <summary>What came of computing a run, or a stretch of it, again.</summary>
public sealed record Verified
{
    /// <summary>The first state that was computed from: its step.</summary>
    public required long From { get; init; }

    /// <summary>The last step that was computed.</summary>
    public required long To { get; init; }

    /// <summary>The checkpoint that it was computed from; null for the run's first state.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Steps that were compared with what the run published.</summary>
    public long Compared { get; init; }

    /// <summary>Those of them whose state has a published hash.</summary>
    public long Hashes { get; init; }

    /// <summary>Whether the state after the last step was held to a published hash, or to that of the run's end.</summary>
    public bool IsEndHashed { get; init; }

    /// <summary>Steps that were computed and are in no journal: nothing was there to compare them with.</summary>
    public long Missing => To - From - Compared;

    /// <summary>The first thing that is not equal; null where everything is.</summary>
    public Unequal? Difference { get; init; }

    /// <summary>The hash of the state after the last step that was computed.</summary>
    public required StateHash End { get; init; }

    /// <summary>The SHA-256 of the model's file, where it was compared; null where there is none, or the end was not computed.</summary>
    public string? Model { get; init; }
}

/// <summary>Something that is not what the run says it is.</summary>
/// <param name="Step">The step.</param>
/// <param name="What">What it is, such as the state's hash.</param>
/// <param name="Computed">What was computed.</param>
/// <param name="Published">What the run published.</param>
public sealed record Unequal(long Step, string What, string Computed, string Published);
