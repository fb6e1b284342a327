using System.Buffers;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Synthetic;

/// <summary>
/// The task of Lightning's page on truncated backpropagation: normal noise, whose target is its top half plus its bottom half rolled by
/// one, <c>top, bottom = x.chunk(2, -1); top + bottom.roll(shifts=1, dims=-1)</c>.
/// </summary>
public sealed record AverageSource : SyntheticSource
{
    /// <summary>Features of a time step when <see cref="ModelSpec.InputSize"/> is left out.</summary>
    public const int DefaultFeatures = 10;

    /// <inheritdoc/>
    public override string Word => "average";

    /// <inheritdoc/>
    public override string About => "noise; the target is the top half of the features plus the bottom half rolled by one";

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        if (findings.Sound("model.inputSize") && spec.Model.InputSize is { } size)
            findings.Report(Halves(size));
        base.Check(spec, findings);
    }

    /// <inheritdoc/>
    internal override IDataSource Open(RunSpec spec, InputFiles opened)
    {
        var problems = new ProblemList();
        int width = Features(spec.Model);
        problems.AddIfAny(Halves(width));
        HeldSequences held = HoldOut.Count(spec.Data, Sequences, problems);
        problems.ThrowIfAny();
        var shape = new DataShape(width, 0, width / 2, 0);
        return DataSource.OfSequences(shape, new AverageSet(shape, Sequences, SequenceLength, spec.Seed), held);
    }

    private protected override int Features(ModelSpec model) => model.InputSize ?? DefaultFeatures;

    /// <summary>That one half of the inputs cannot be added to the other; null when it can.</summary>
    private static SpecProblem? Halves(int inputSize) => inputSize >= 2 && inputSize % 2 == 0
        ? null
        : new(
            "model.inputSize", $"{inputSize}", "an even number, for source average adds two halves",
            $"write {(inputSize is > 0 and < int.MaxValue ? inputSize + 1 : DefaultFeatures)}");
}

/// <summary>The sequences of source <c>average</c>, all equally long.</summary>
internal sealed class AverageSet : SequenceSet
{
    private readonly int _sequences;
    private readonly int _length;
    private readonly int _width;
    private readonly SyntheticValues _inputs;

    public AverageSet(DataShape shape, int sequences, int length, long seed) : base(shape)
    {
        (_sequences, _length, _width) = (sequences, length, shape.InputFeatures);
        ulong key = CounterRandom.Key(seed, RandomPurpose.AverageInputs);
        _inputs = new(sequences, length, _width, (sequence, start, destination) =>
        {
            ulong own = CounterRandom.Derive(key, (ulong)sequence);
            ulong first = (ulong)start * (ulong)_width;
            for (int i = 0; i < destination.Length; i++)
                destination[i] = (float)CounterRandom.Normal(own, first + (ulong)i);
        });
    }

    public override int Count => _sequences;

    public override int Length(int sequence) => _length;

    protected override void FillInputs(SequenceSlice slice, Span<float> destination) =>
        _inputs.Read(slice.Sequence, slice.Start, destination);

    protected override void FillTargets(SequenceSlice slice, Span<float> destination)
    {
        int half = _width / 2;
        float[] rented = ArrayPool<float>.Shared.Rent(_width);
        try
        {
            Span<float> input = rented.AsSpan(0, _width);
            for (int step = 0; step < slice.Length; step++)
            {
                _inputs.Read(slice.Sequence, (long)slice.Start + step, input);
                Span<float> target = destination.Slice(step * half, half);
                for (int i = 0; i < half; i++)
                    target[i] = input[i] + input[half + ((i + half - 1) % half)];
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }
}
