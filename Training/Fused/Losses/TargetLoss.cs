using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// A loss of values that is a sum over targets, each a function of a target and the outputs for it, computed in float64 one after the
/// other, in the order of rows and targets.
/// </summary>
public abstract unsafe record TargetLoss : Loss
{
    /// <inheritdoc/>
    public sealed override bool OfClasses => false;

    internal sealed override double Sum(Rows outputs, ChunkBatch batch, ref float[] scratch)
    {
        var targets = batch.TargetValues;
        int width = OutputsPerTarget;
        double sum = 0;
        for (int at = 0, row = 0; at < targets.Length; row++)
        {
            var values = outputs.Span(row);
            for (int first = 0; first < outputs.Columns; first += width, at++)
            {
                var own = values.Slice(first, width);
                if (batch.IsMasked && float.IsNaN(targets[at]))
                    own.Clear();
                else
                    sum += Target(own, targets[at]);
            }
        }

        return sum;
    }

    /// <summary>The loss of one target. Puts the gradient in the place of the outputs.</summary>
    /// <param name="outputs">The outputs for it, <c>[OutputsPerTarget]</c>.</param>
    /// <param name="target">What should have come.</param>
    private protected abstract double Target(Span<float> outputs, float target);
}
