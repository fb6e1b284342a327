namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>What kept trainers from training for a while.</summary>
internal enum InterruptionKind
{
    /// <summary>Trainers were lost and placed again.</summary>
    Recovery,

    /// <summary>The coordinator was lost, and another one took the run over.</summary>
    Takeover,

    /// <summary>Trainers went to other silos between two steps.</summary>
    Move,

    /// <summary>The coordinator went to another silo, which went on from the same step.</summary>
    Handover,

    /// <summary>The run was paused, or had ended, and was resumed.</summary>
    Pause,
}

/// <summary>A time in which trainers did not train.</summary>
/// <param name="Kind">What it was.</param>
/// <param name="From">Its begin.</param>
/// <param name="To">Its end.</param>
/// <param name="Trainers">Whom it concerns; empty for all.</param>
/// <param name="Step">The step that was run again, or that the run went on from.</param>
/// <param name="Reason">In words, why.</param>
internal sealed record Interruption(
    InterruptionKind Kind, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<int> Trainers, long Step, string Reason)
{
    /// <summary>Its length.</summary>
    public TimeSpan Took => To - From;

    /// <summary>Whether something was lost, and training had to find back.</summary>
    public bool IsLoss => Kind is InterruptionKind.Recovery or InterruptionKind.Takeover;
}
