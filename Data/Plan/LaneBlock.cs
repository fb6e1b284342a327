namespace Orleans.Tbptt.Data.Plan;

/// <summary>The contiguous lanes of one shard, or of all shards of a trainer.</summary>
/// <param name="First">The first lane.</param>
/// <param name="Count">How many lanes, at least 1.</param>
public readonly record struct LaneBlock(int First, int Count)
{
    /// <summary>Splits lanes into contiguous blocks as even as can be: the first (lanes mod shards) blocks hold one lane more.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are more shards than lanes, or none.</exception>
    public static LaneBlock[] Split(int lanes, int shards)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shards, lanes);
        var blocks = new LaneBlock[shards];
        for (int i = 0, first = 0; i < shards; first += blocks[i++].Count)
            blocks[i] = new(first, lanes / shards + (i < lanes % shards ? 1 : 0));
        return blocks;
    }
}
