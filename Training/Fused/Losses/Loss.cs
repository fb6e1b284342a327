using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>A loss with its gradient. It keeps nothing from chunk to chunk.</summary>
public abstract record Loss : LossSpec
{
    /// <inheritdoc/>
    public sealed override IReadOnlyList<LossSpec> Others => LossFunctions.All;

    /// <summary>What the sum of a loss over a chunk is divided by: a part of what the sums over all trainers are divided by.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="batch">The chunk.</param>
    public static double WeightOf(LossSpec loss, ChunkBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return loss is Loss own ? own.WeightOf(batch) : batch.Weight;
    }

    /// <summary>
    /// Puts the gradient of the sum over all rows in the outputs' place and returns the sum. A masked target adds nothing to the sum, and
    /// its gradient is 0.
    /// </summary>
    /// <param name="outputs">A row of outputs for each row of targets.</param>
    /// <param name="batch">Has the targets, and whether some are masked.</param>
    /// <param name="scratch">Memory that grows to what is needed and stays with the replica, one value an output.</param>
    internal abstract double Sum(Rows outputs, ChunkBatch batch, ref float[] scratch);

    /// <summary>The same, by a team where that is faster.</summary>
    internal virtual double Sum(Team team, Rows outputs, ChunkBatch batch, ref float[] scratch) => Sum(outputs, batch, ref scratch);

    /// <inheritdoc cref="WeightOf(LossSpec, ChunkBatch)"/>
    internal virtual double WeightOf(ChunkBatch batch) => batch.Weight;
}
