using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>The sum of (output − target)², and its gradient 2 (output − target).</summary>
internal sealed unsafe class SquaredError
{
    private float[] _differences = [];

    /// <summary>Replaces the outputs by their gradient and returns the loss sum.</summary>
    /// <param name="outputs">A row of outputs for each row of targets.</param>
    /// <param name="targets"><c>[rows, outputs.Columns]</c>.</param>
    public double Sum(Rows outputs, ReadOnlySpan<float> targets)
    {
        if (_differences.Length < targets.Length)
            _differences = new float[targets.Length];
        int columns = outputs.Columns;
        fixed (float* target = targets, difference = _differences)
        {
            for (int at = 0, row = 0; at < targets.Length; at += columns, row++)
                Elementwise.Run(new Work(outputs[row], target + at, difference + at), columns);
        }

        return FixedSum.OfSquares(_differences.AsSpan(0, targets.Length));
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
