namespace Orleans.Tbptt.Training.Replay;

/// <summary>
/// Where a step is the last one of its epoch, which of two states is meant. Parameters, optimizer and hidden state are the same in both;
/// the epoch's loss sums and losses are not.
/// </summary>
public enum EpochEnd
{
    /// <summary>Whichever is at hand: a checkpoint may hold either.</summary>
    Any,

    /// <summary>The state that the step was committed as: the epoch's evaluation is still to come.</summary>
    Before,

    /// <summary>The state after the epoch's evaluation, with its losses recorded.</summary>
    After,
}
