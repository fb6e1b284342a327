using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
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
        fixed (float* target = targets, kept = scratch)
        {
            for (int at = 0, row = 0; at < targets.Length; at += columns, row++)
                Row(outputs[row], target + at, kept + at, columns);
        }

        if (batch.IsMasked)
            LeaveOut(targets, outputs, scratch);
        var terms = scratch.AsSpan(0, targets.Length);
        return AddsSquares ? FixedSum.OfSquares(terms) : FixedSum.Of(terms);
    }

    /// <summary>Whether the loss is the sum of the squares of what is kept of each element, instead of the sum.</summary>
    internal virtual bool AddsSquares => false;

    /// <summary>Puts the gradient of one element in its output's place, and keeps what is added up.</summary>
    internal abstract void Element<T>(float* output, float* target, float* term) where T : unmanaged, IFloats<T>;

    /// <summary>The same for a row.</summary>
    private protected abstract void Row(float* outputs, float* targets, float* terms, int columns);

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
