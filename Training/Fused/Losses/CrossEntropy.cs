using System.Runtime.CompilerServices;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// The sum of −log softmax(outputs)[target], and its gradient softmax − one at the target. The largest output is subtracted first, so that
/// nothing overflows. With label smoothing ε the target is 1 − ε at its class and ε / K at each of the K classes in addition, as in
/// <c>torch.nn.functional.cross_entropy</c>.
/// </summary>
public sealed unsafe record CrossEntropy : Loss
{
    /// <summary>The share of a target that is spread evenly over all classes, ε. Default 0.</summary>
    public double LabelSmoothing { get; init; }

    /// <inheritdoc/>
    public override string Word => "cross_entropy";

    /// <inheritdoc/>
    public override string About => "cross-entropy of the softmax over the outputs, in nats, over time steps";

    /// <inheritdoc/>
    public override bool OfClasses => true;

    /// <summary>Without label smoothing.</summary>
    public override bool IsCodeLength => LabelSmoothing == 0;

    /// <inheritdoc/>
    public override string? TorchFunction => "cross_entropy";

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        LabelSmoothing = walk.Number(
            "labelSmoothing", LabelSmoothing,
            "the share of a target that is spread evenly over all classes; losses in bits are not reported then", NumberRange.Share,
            isWritten: LabelSmoothing != 0),
    };

    internal override double Sum(Rows outputs, ChunkBatch batch, ref float[] scratch)
    {
        var classes = batch.Classes;
        double sum = 0;
        for (int row = 0; row < classes.Length; row++)
        {
            float* values = outputs[row];
            var numbers = outputs.Span(row);
            if (batch.IsMasked && classes[row] == DataShape.MaskedClass)
            {
                numbers.Clear();
                continue;
            }

            // The maximum does not depend on the order of comparison; a NaN propagates and makes the loss NaN.
            float largest = System.Numerics.Tensors.TensorPrimitives.Max(numbers);
            int target = Checked(classes[row], numbers.Length);
            double wanted = numbers[target];
            double mean = LabelSmoothing > 0 ? FixedSum.Of(numbers) / numbers.Length : 0;
            Elementwise.Run(new ExpWork(values, largest), numbers.Length);
            double total = FixedSum.Of(numbers);
            double shift = Logarithm.Of(total) + largest;
            if (LabelSmoothing > 0)
            {
                sum += shift - (1 - LabelSmoothing) * wanted - LabelSmoothing * mean;
                Elementwise.Run(new SmoothedWork(values, (float)(1 / total), (float)(LabelSmoothing / numbers.Length)), numbers.Length);
                numbers[target] -= (float)(1 - LabelSmoothing);
                continue;
            }

            sum += shift - wanted;
            Elementwise.Run(new ScaleWork(values, (float)(1 / total)), numbers.Length);
            numbers[target] -= 1;
        }

        return sum;
    }

    /// <summary>Data were checked when they were opened; a file that changed since must not cause writes out of bounds.</summary>
    private static int Checked(long target, int classes) => target >= 0 && target < classes
        ? (int)target
            : throw new InvalidDataException(
                $"the data have a target of class {target}, expected 0 to {classes - 1}; the data changed after they were opened");

    private readonly struct ExpWork(float* values, float largest) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T> =>
            T.Store(Activation.Exp(T.Load(values + at) - T.Of(largest)), values + at);
    }

    private readonly struct ScaleWork(float* values, float factor) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(T.Load(values + at) * T.Of(factor), values + at);
    }

    private readonly struct SmoothedWork(float* values, float factor, float spread) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T> =>
            T.Store(T.Load(values + at) * T.Of(factor) - T.Of(spread), values + at);
    }
}
