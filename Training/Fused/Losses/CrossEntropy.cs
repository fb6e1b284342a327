using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// The sum of −log softmax(outputs)[target], and its gradient softmax − one at the target. The largest output is taken off first, so that nothing overflows.
/// </summary>
internal static unsafe class CrossEntropy
{
    /// <summary>Puts the gradient in the outputs' place and returns the sum, in nats.</summary>
    /// <param name="outputs">A row of outputs for each class.</param>
    /// <param name="classes">The target of each row.</param>
    public static double Sum(Rows outputs, ReadOnlySpan<long> classes)
    {
        double sum = 0;
        for (int row = 0; row < classes.Length; row++)
        {
            float* values = outputs[row];
            var numbers = outputs.Span(row);

            // The largest is the same in whatever order one looks; a NaN wins, and makes the loss one.
            float largest = System.Numerics.Tensors.TensorPrimitives.Max(numbers);
            int target = Checked(classes[row], numbers.Length);
            double wanted = numbers[target];
            Elementwise.Run(new ExpWork(values, largest), numbers.Length);
            double total = FixedSum.Of(numbers);
            sum += Logarithm.Of(total) + largest - wanted;
            Elementwise.Run(new ScaleWork(values, (float)(1 / total)), numbers.Length);
            numbers[target] -= 1;
        }

        return sum;
    }

    /// <summary>Data were checked when they were opened; where a file has changed since, nothing else may be written over.</summary>
    private static int Checked(long target, int classes) => target >= 0 && target < classes
        ? (int)target : throw new InvalidDataException($"the data have a target of class {target}, expected 0 to {classes - 1}: they have changed since they were opened");

    private readonly struct ExpWork(float* values, float largest) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(Activation.Exp(T.Load(values + at) - T.Of(largest)), values + at);
    }

    private readonly struct ScaleWork(float* values, float factor) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(T.Load(values + at) * T.Of(factor), values + at);
    }
}
