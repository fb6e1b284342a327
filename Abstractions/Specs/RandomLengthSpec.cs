namespace Orleans.Tbptt.Specs;

/// <summary>
/// Chunk lengths that are drawn anew for each step, for all lanes alike (Merity, Keskar and Socher, 2018, arXiv:1708.02182, section 5): of
/// mean <see cref="TbpttSpec.ChunkLength"/>, or half of that with probability <see cref="HalfProbability"/>, and normal around it. The
/// learning rate of a step is scaled by its length / <see cref="TbpttSpec.ChunkLength"/>, because short chunks are drawn no less often.
/// </summary>
public sealed record RandomLengthSpec
{
    /// <summary>The least length.</summary>
    public const int Least = 5;

    // CounterRandom.Normal lies between -6 and 6.
    private const int MostDeviations = 6;

    /// <summary>The standard deviation, in time steps. Default 5.</summary>
    public double Deviation { get; init; } = 5;

    /// <summary>The probability of half the mean. Default 0.05.</summary>
    public double HalfProbability { get; init; } = 0.05;

    /// <summary>The longest length that can be drawn.</summary>
    /// <param name="mean">The mean.</param>
    public int Longest(int mean) => (int)Math.Min(int.MaxValue, Math.Max(Least, Math.Ceiling(mean + (MostDeviations * Deviation))));

    /// <summary>Refuses what needs chunks whose length is known without their step.</summary>
    internal static void Check(RunSpec spec, Findings findings)
    {
        if (spec.Tbptt.RandomLength is null || !findings.Sound("tbptt.chunkLength"))
            return;
        if (findings.Sound("tbptt.backprop") && spec.Tbptt.Backprop != Backprops.All[0])
        {
            findings.Report("tbptt.backprop", $"{spec.Tbptt.Backprop.Word} with random chunk lengths",
                "chunk, because windows are chunks of one length, and whole sequences have no chunks", "remove it, or write a chunkLength");
        }

        if (findings.Sound("train.sync.mode") && spec.Train.IsLocal)
        {
            findings.Report("train.sync.mode", "local with random chunk lengths",
                "every, because trainers in a round do not scale their learning rates by a chunk's length", "write mode: every");
        }

        if (findings.Sound("train.accumulate") && spec.Train.Accumulate > 1)
        {
            findings.Report("train.accumulate", $"{spec.Train.Accumulate} with random chunk lengths",
                "1, because an update of chunks of several lengths has no one learning rate", "remove it");
        }

        if (findings.Sound("extends") && spec.Extends is { Follow: true })
        {
            findings.Report("tbptt.chunkLength", "random with extends.follow",
                "a number, because a run that follows its file waits for whole chunks", "write a number");
        }
    }
}
