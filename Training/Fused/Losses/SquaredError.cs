using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>The sum of (output − target)², and its gradient 2 (output − target).</summary>
public sealed unsafe record SquaredError : Loss
{
    /// <inheritdoc/>
    public override string Word => "mse";

    /// <inheritdoc/>
    public override string About => "squared error, over time steps and outputs";

    /// <inheritdoc/>
    public override bool OfClasses => false;

    /// <inheritdoc/>
    public override string? TorchFunction => "mse_loss";

    internal override double Sum(Rows outputs, ChunkBatch batch, ref float[] scratch)
    {
        var targets = batch.TargetValues;
        if (scratch.Length < targets.Length)
            scratch = new float[targets.Length];
        int columns = outputs.Columns;
        fixed (float* target = targets, difference = scratch)
        {
            for (int at = 0, row = 0; at < targets.Length; at += columns, row++)
                Elementwise.Run(new Work(outputs[row], target + at, difference + at), columns);
        }

        if (batch.IsMasked)
            LeaveOut(targets, outputs, scratch);
        return FixedSum.OfSquares(scratch.AsSpan(0, targets.Length));
    }

    private static void LeaveOut(ReadOnlySpan<float> targets, Rows outputs, Span<float> differences)
    {
        for (int at = 0; at < targets.Length; at++)
        {
            if (!float.IsNaN(targets[at]))
                continue;
            (int row, int column) = Math.DivRem(at, outputs.Columns);
            differences[at] = outputs[row][column] = 0;
        }
    }

    private readonly struct Work(float* outputs, float* targets, float* differences) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var difference = T.Load(outputs + at) - T.Load(targets + at);
            T.Store(difference, differences + at);
            T.Store(difference + difference, outputs + at);
        }
    }
}
