using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>A loss of values that is a sum over elements, each a function of an output and its target.</summary>
public abstract unsafe record ElementwiseLoss : Loss
{
    /// <inheritdoc/>
    public sealed override bool OfClasses => false;

    internal sealed override double Sum(Rows outputs, ChunkBatch batch, ref float[] scratch)
    {
        var targets = batch.TargetValues;
        if (scratch.Length < targets.Length)
            scratch = new float[targets.Length];
        int columns = outputs.Columns;
        fixed (float* target = targets, terms = scratch)
        {
            for (int at = 0, row = 0; at < targets.Length; at += columns, row++)
                Row(outputs[row], target + at, terms + at, columns);
        }

        if (batch.IsMasked)
            LeaveOut(targets, outputs, scratch);
        return Total(scratch.AsSpan(0, targets.Length));
    }

    /// <summary>Puts the gradient in the place of a row of outputs, and keeps what <see cref="Total"/> adds up.</summary>
    private protected abstract void Row(float* outputs, float* targets, float* terms, int columns);

    /// <summary>The loss, of what <see cref="Row"/> kept of all elements; 0 was kept of masked ones.</summary>
    private protected virtual double Total(ReadOnlySpan<float> terms) => FixedSum.Of(terms);

    private static void LeaveOut(ReadOnlySpan<float> targets, Rows outputs, Span<float> terms)
    {
        for (int at = 0; at < targets.Length; at++)
        {
            if (!float.IsNaN(targets[at]))
                continue;
            (int row, int column) = Math.DivRem(at, outputs.Columns);
            terms[at] = outputs[row][column] = 0;
        }
    }
}
