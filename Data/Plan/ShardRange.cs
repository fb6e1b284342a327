namespace Orleans.Tbptt.Data.Plan;

/// <summary>
/// The contiguous shards that one trainer works on. A run's lanes are split over shards once and for all; shards are split over however
/// many trainers there are.
/// </summary>
/// <param name="First">The first shard.</param>
/// <param name="Count">How many shards, at least 1.</param>
public readonly record struct ShardRange(int First, int Count)
{
    /// <summary>The shards, in order.</summary>
    public IEnumerable<int> Shards => Enumerable.Range(First, Count);

    /// <summary>Splits shards over trainers as evenly as can be, as <see cref="LaneBlock.Split"/> does with lanes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are more trainers than shards, or none.</exception>
    public static ShardRange[] Split(int shards, int trainers) =>
        [.. LaneBlock.Split(shards, trainers).Select(block => new ShardRange(block.First, block.Count))];

    /// <summary>The lanes of the shards together.</summary>
    /// <param name="all">The lanes of each of the run's shards.</param>
    public LaneBlock Lanes(IReadOnlyList<LaneBlock> all)
    {
        var last = all[First + Count - 1];
        return new(all[First].First, last.First + last.Count - all[First].First);
    }
}
