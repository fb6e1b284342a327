namespace Orleans.Tbptt.Data.Plan;

/// <summary>The contiguous lanes of one trainer.</summary>
/// <param name="First">The first lane.</param>
/// <param name="Count">How many lanes, at least 1.</param>
public readonly record struct LaneBlock(int First, int Count)
{
    /// <summary>Splits lanes into contiguous blocks as even as can be: the first (lanes mod trainers) blocks hold one lane more.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are more trainers than lanes, or none.</exception>
    public static LaneBlock[] Split(int lanes, int trainers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(trainers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(trainers, lanes);
        var blocks = new LaneBlock[trainers];
        for (int i = 0, first = 0; i < trainers; first += blocks[i++].Count)
            blocks[i] = new(first, lanes / trainers + (i < lanes % trainers ? 1 : 0));
        return blocks;
    }
}
