using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>A loss with its gradient. It keeps nothing from chunk to chunk.</summary>
public abstract record Loss : LossSpec
{
    /// <inheritdoc/>
    public sealed override IReadOnlyList<LossSpec> Others => LossFunctions.All;

    /// <summary>
    /// Puts the gradient of the sum over all rows in the outputs' place and returns the sum. A masked target adds nothing to the sum, and
    /// its gradient is 0.
    /// </summary>
    /// <param name="outputs">A row of outputs for each row of targets.</param>
    /// <param name="batch">Has the targets, and whether some are masked.</param>
    /// <param name="scratch">Memory that grows to what is needed and stays with the replica, one value an output.</param>
    internal abstract double Sum(Rows outputs, ChunkBatch batch, ref float[] scratch);
}
