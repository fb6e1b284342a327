namespace Orleans.Tbptt.Journals;

/// <summary>
/// Consecutive events of a journal, as ranges of their steps: all of them, blocks of <see cref="BlockSteps"/>, and each step by itself.
/// </summary>
internal abstract class StepPart
{
    /// <summary>Steps of a block; the last block of a part may have fewer.</summary>
    public const int BlockSteps = 256;

    /// <summary>All of its steps.</summary>
    public StepBucket Total { get; } = new();

    /// <summary>Its blocks, in order.</summary>
    public abstract IReadOnlyList<StepBucket> Blocks();

    /// <summary>Its steps.</summary>
    public abstract StepTable Steps();

    /// <summary>Steps of the run that a block covers on average: more than it holds where a run keeps every n-th step only.</summary>
    public long BlockWidth => (Total.Step - Total.First + 1) * BlockSteps / Math.Max(1, Total.Count);
}
