using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Fused.Threads;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// The sum of −log softmax(outputs)[target], and its gradient softmax − one at the target. The largest output is subtracted first, so that
/// nothing overflows. With label smoothing ε the target is 1 − ε at its class and ε / K at each of the K classes in addition, as in
/// <c>torch.nn.functional.cross_entropy</c>. With class weights w the sum is of w[target] times the loss, of the smoothed part the weights
/// of its classes, and it is divided by the sum of w[target]; targets of an ignored class do not count.
/// </summary>
public sealed unsafe record CrossEntropy : Loss
{
    /// <summary>The share of a target that is spread evenly over all classes, ε. Default 0.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The weight of each class; none, the default, where all count alike.</summary>
    public NumberList ClassWeights { get; init; } = NumberList.None;

    /// <summary>The class whose targets do not count; null, the default, for none.</summary>
    public int? IgnoredClass { get; init; }

    /// <inheritdoc/>
    public override string Word => "cross_entropy";

    /// <inheritdoc/>
    public override string About => "cross-entropy of the softmax over the outputs, in nats, over time steps";

    /// <inheritdoc/>
    public override bool OfClasses => true;

    /// <summary>Without label smoothing, and where all classes count alike.</summary>
    public override bool IsCodeLength => LabelSmoothing == 0 && ClassWeights.Count == 0;

    /// <inheritdoc/>
    public override bool CountsElements => ClassWeights.Count == 0;

    /// <inheritdoc/>
    public override string TorchFunction => "cross_entropy";

    /// <inheritdoc/>
    public override long? IgnoredTarget => IgnoredClass;

    /// <summary>libtorch's sums do not say what they are to be divided by.</summary>
    public override IReadOnlyList<string> KeysWithoutTorch =>
        [.. ClassWeights.Count > 0 ? ["classWeights"] : Array.Empty<string>(), .. IgnoredClass is null ? [] : new[] { "ignoredClass" }];

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        LabelSmoothing = walk.Number(
            "labelSmoothing", LabelSmoothing,
            "the share of a target that is spread evenly over all classes; losses in bits are not reported then", NumberRange.Share,
            isWritten: LabelSmoothing != 0),
        ClassWeights = walk.Numbers(
            "classWeights", ClassWeights, "how much a target of each class counts, one number for each; not with engine torch",
            NumberRange.NotNegative, "all alike", isWritten: ClassWeights.Count > 0),
        IgnoredClass = walk.OptionalIndex(
            "ignoredClass", IgnoredClass, "the class whose targets do not count, from 0; not with engine torch", "none"),
    };

    /// <inheritdoc/>
    public override SpecProblem? Problem(int outputs) =>
        ClassWeights.Count > 0 && ClassWeights.Count != outputs ? new(
            "train.loss.classWeights", $"{ClassWeights.Count} numbers", $"{outputs}, one for each class", "write one for each class")
        : IgnoredClass >= outputs ? new(
            "train.loss.ignoredClass", $"{IgnoredClass}", $"a class from 0 to {outputs - 1}", "correct it, or leave it out")
        : ClassWeights.Count > 0 && !ClassWeights.Values.Where((weight, at) => weight > 0 && at != IgnoredClass).Any() ? new(
            "train.loss.classWeights", "no class with a weight that counts", "one weight above 0, of a class that is not ignored",
            "raise one")
        : null;

    internal override double Sum(Rows outputs, ChunkBatch batch, ref float[] scratch) => Sum(Team.Alone, outputs, batch, ref scratch);

    internal override double Sum(Team team, Rows outputs, ChunkBatch batch, ref float[] scratch)
    {
        var classes = batch.Classes;
        if (scratch.Length < 2 * classes.Length)
            scratch = new float[2 * classes.Length];
        var losses = MemoryMarshal.Cast<float, double>(scratch)[..classes.Length];
        fixed (long* targets = classes)
        fixed (double* ofRows = losses)
        {
            // The exponential of an output takes about as long as so many multiply-adds.
            const long each = 16;
            team.Share(
                new RowsWork(this, outputs, targets, ofRows, batch.IsMasked), classes.Length, 1, each * classes.Length * outputs.Columns);
        }

        double sum = 0;
        foreach (double loss in losses)
            sum += loss;
        return sum;
    }

    /// <summary>The class of each row's target, −1 where it does not count.</summary>
    /// <param name="batch">Has the targets.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <param name="targets">Receives them, <c>[batch.Rows]</c>.</param>
    internal void Targets(ChunkBatch batch, int classes, Span<int> targets)
    {
        for (int row = 0; row < targets.Length; row++)
            targets[row] = TargetOf(batch.Classes[row], classes, batch.IsMasked);
    }

    private int TargetOf(long wanted, int classes, bool isMasked) =>
        wanted == IgnoredClass || (isMasked && wanted == DataShape.MaskedClass) ? -1 : Checked(wanted, classes);

    /// <summary>The loss of a row; puts the gradient in the place of its outputs.</summary>
    private double OfRow(float* values, Span<float> numbers, long wantedClass, bool isMasked)
    {
        int target = TargetOf(wantedClass, numbers.Length, isMasked);
        if (target < 0)
        {
            numbers.Clear();
            return 0;
        }

        // The maximum does not depend on the order of comparison; a NaN propagates and makes the loss NaN.
        float largest = System.Numerics.Tensors.TensorPrimitives.Max(numbers);
        if (ClassWeights.Count > 0)
            return Weighted(numbers, values, largest, target);
        double wanted = numbers[target];
        double mean = LabelSmoothing > 0 ? FixedSum.Of(numbers) / numbers.Length : 0;
        Elementwise.Run(new ExpWork(values, largest), numbers.Length);
        double total = FixedSum.Of(numbers);
        double shift = Logarithm.Of(total) + largest;
        if (LabelSmoothing > 0)
        {
            Elementwise.Run(new SmoothedWork(values, (float)(1 / total), (float)(LabelSmoothing / numbers.Length)), numbers.Length);
            numbers[target] -= (float)(1 - LabelSmoothing);
            return shift - (1 - LabelSmoothing) * wanted - LabelSmoothing * mean;
        }

        Elementwise.Run(new ScaleWork(values, (float)(1 / total)), numbers.Length);
        numbers[target] -= 1;
        return shift - wanted;
    }

    internal override double WeightOf(ChunkBatch batch)
    {
        if (ClassWeights.Count == 0 && IgnoredClass is null)
            return batch.Weight;
        double sum = 0;
        foreach (long target in batch.Classes)
        {
            if (target != IgnoredClass && target != DataShape.MaskedClass)
                sum += ClassWeights.Count == 0 ? 1 : ClassWeights[Checked(target, ClassWeights.Count)];
        }

        return sum;
    }

    /// <summary>The loss of a row with class weights; puts the gradient in the place of its outputs.</summary>
    private double Weighted(Span<float> numbers, float* values, float largest, int target)
    {
        // Of the wanted distribution each class has its share, times its weight.
        double smoothed = LabelSmoothing / numbers.Length, own = (1 - LabelSmoothing) * ClassWeights[target], all = own, wanted = own
            * numbers[target];
        for (int k = 0; k < numbers.Length && smoothed > 0; k++)
        {
            all += smoothed * ClassWeights[k];
            wanted += smoothed * ClassWeights[k] * numbers[k];
        }

        Elementwise.Run(new ExpWork(values, largest), numbers.Length);
        double total = FixedSum.Of(numbers);
        for (int k = 0; k < numbers.Length; k++)
            numbers[k] = (float)((all / total * numbers[k]) - (smoothed * ClassWeights[k]) - (k == target ? own : 0));
        return (all * (Logarithm.Of(total) + largest)) - wanted;
    }

    /// <summary>Data were checked when they were opened; a file that changed since must not cause writes out of bounds.</summary>
    private static int Checked(long target, int classes) => target >= 0 && target < classes
        ? (int)target
            : throw new InvalidDataException(
                $"the data have a target of class {target}, expected 0 to {classes - 1}; the data changed after they were opened");

    private readonly struct RowsWork(CrossEntropy loss, Rows outputs, long* classes, double* losses, bool isMasked) : IRangeWork
    {
        public void Do(int member, int first, int end)
        {
            for (int row = first; row < end; row++)
                losses[row] = loss.OfRow(outputs[row], outputs.Span(row), classes[row], isMasked);
        }
    }

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
