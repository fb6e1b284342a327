using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>Sums up how the classes that are predicted for a trainer's lanes meet the targets, chunk by chunk.</summary>
internal interface IClassSums
{
    /// <summary>What was summed up so far.</summary>
    GroupSums Groups { get; }

    /// <summary>Room for the classes that are predicted for the rows of a chunk, which <see cref="Add"/> then counts.</summary>
    /// <param name="chunk">
    /// The chunk's place in the evaluation's plan: chunk 0 begins anew, and one that comes twice in a row counts once.
    /// </param>
    /// <param name="rows">The chunk's rows.</param>
    Span<int> Begin(long chunk, int rows);

    /// <summary>Counts the chunk's rows; those of a trainer's shards come one after another.</summary>
    void Add(ChunkBatch batch);
}
