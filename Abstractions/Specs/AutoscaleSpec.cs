namespace Orleans.Tbptt.Specs;

/// <summary>
/// Between which numbers of trainers a run scales itself by the slots that are free. No committed step depends on it, because gradients
/// are summed by shards.
/// </summary>
public sealed record AutoscaleSpec
{
    /// <summary>With fewer trainers it does not begin, and it gives no further slot back. Default 1.</summary>
    public int Min { get; init; } = 1;

    /// <summary>It takes no further slot; at most the run's shards.</summary>
    public required int Max { get; init; }
}
