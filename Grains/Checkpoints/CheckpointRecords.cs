using Orleans.Tbptt.Training.Checkpoints;

namespace Orleans.Tbptt.Grains.Checkpoints;

/// <summary>
/// Makes a finished checkpoint count: calls <paramref name="rename"/> with the generation in force, which must not grow until that returns,
/// or throws when a newer coordinator has taken the run over.
/// </summary>
/// <param name="rename">Gives the checkpoint its name, once.</param>
/// <returns>What <paramref name="rename"/> returned.</returns>
internal delegate CheckpointName CheckpointPublisher(Func<int, CheckpointName> rename);

/// <summary>A checkpoint that is on the disk and counts.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Bytes of all its files.</param>
/// <param name="Took">From the first byte to the flushed name, the wait for the journal included.</param>
/// <param name="WorksAgain">Whether it is the first after one or more that could not be written.</param>
internal sealed record WrittenCheckpoint(CheckpointName Name, long Bytes, TimeSpan Took, bool WorksAgain = false);

/// <summary>A checkpoint that cannot be taken.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Problem">Which file, what was found, what was expected.</param>
internal sealed record PassedOver(CheckpointName Name, string Problem)
{
    public override string ToString() => $"checkpoint {Name}: {Problem}";
}

/// <summary>What a run can continue from.</summary>
/// <param name="Newest">The newest whole checkpoint; null when there is none.</param>
/// <param name="PassedOver">Newer ones that are damaged, newest first.</param>
internal sealed record Restoration(RestoredCheckpoint? Newest, IReadOnlyList<PassedOver> PassedOver)
{
    /// <summary>
    /// Whether no checkpoint was ever finished, so that beginning with S(0) loses nothing. When this is false and there is no
    /// <see cref="Newest"/>, all there were are damaged or gone: what to do then is for people to say.
    /// </summary>
    public bool NothingWasSaved => Newest is null && PassedOver.Count == 0;
}
