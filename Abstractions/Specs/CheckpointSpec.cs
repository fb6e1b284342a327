namespace Orleans.Tbptt.Specs;

/// <summary>
/// When a run's committed state is written to the run store, and how much of it is kept. The result does not depend on any of it.
/// </summary>
public sealed record CheckpointSpec
{
    /// <summary>
    /// A checkpoint at every multiple of so many steps, or at the end of the round that it lies in; null for none by steps. Default null.
    /// </summary>
    public int? EverySteps { get; init; }

    /// <summary>A checkpoint whenever so many seconds have passed since the last one; 0 for none by time. Default 5.</summary>
    /// <remarks>Later where writing is slow: what is written by time takes no more than about a twentieth of the time.</remarks>
    public double EverySeconds { get; init; } = 5;

    /// <summary>How many of the newest checkpoints are kept, from 1. Default 3.</summary>
    public int KeepLast { get; init; } = 3;

    /// <summary>
    /// How many are kept, however old, of those taken at an epoch's end with the lowest loss: of the validation, or of training where
    /// nothing is held out. Such an end is always saved. Default 1; 0 for none.
    /// </summary>
    public int KeepBest { get; init; } = 1;
}
