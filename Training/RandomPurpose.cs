namespace Orleans.Tbptt.Training;

/// <summary>What a stream of random numbers is for. Never renumbered: a run's result depends on them.</summary>
internal static class RandomPurpose
{
    public const long Weights = 1;
    public const long Shuffle = 2;
    public const long Dropout = 3;
}
