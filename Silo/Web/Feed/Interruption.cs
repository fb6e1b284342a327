namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>The kinds of interruption of training.</summary>
internal enum InterruptionKind
{
    /// <summary>Trainers were lost and placed again.</summary>
    Recovery,

    /// <summary>The coordinator was lost, and another one took the run over.</summary>
    Takeover,

    /// <summary>Trainers moved to other silos between two steps.</summary>
    Move,

    /// <summary>The shards were divided among another number of trainers between two steps.</summary>
    Resize,

    /// <summary>The coordinator moved to another silo, which continued from the same step.</summary>
    Handover,

    /// <summary>The run was paused, or had ended, and was resumed.</summary>
    Pause,
}

/// <summary>An interval in which trainers did not train.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="From">Its start.</param>
/// <param name="To">Its end.</param>
/// <param name="Trainers">The trainers concerned; empty for all.</param>
/// <param name="Step">The step that was repeated, or from which the run continued.</param>
/// <param name="Reason">The reason as text.</param>
internal sealed record Interruption(
    InterruptionKind Kind, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<int> Trainers, long Step, string Reason)
{
    /// <summary>Its length.</summary>
    public TimeSpan Took => To - From;

    /// <summary>Whether something was lost and training had to recover.</summary>
    public bool IsLoss => Kind is InterruptionKind.Recovery or InterruptionKind.Takeover;
}
