namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>Where a trainer's work is done.</summary>
internal enum Scheduling
{
    /// <summary>On the trainer's own thread.</summary>
    OwnThread,

    /// <summary>
    /// On the caller's thread where the replica is bound to none and the trainer is idle, else on the trainer's own: to wake a thread costs
    /// more than a small chunk.
    /// </summary>
    Inline,
}
