using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Synthetic;

/// <summary>
/// One sine per sequence, of amplitude 1, a period of 10 to 100 time steps and any phase, both drawn from the seed; the target is
/// the next value. There is no noise, so the loss can approach 0.
/// </summary>
public sealed record SineSource : SyntheticSource
{
    /// <inheritdoc/>
    public override string Word => "sine";

    /// <inheritdoc/>
    public override string About => "sines of seeded frequency and phase; the target is the next value";

    /// <inheritdoc/>
    public override bool TargetsLieAhead => true;

    /// <inheritdoc/>
    internal override IDataSource Open(RunSpec spec, InputFiles opened)
    {
        var problems = new ProblemList();
        HeldSequences held = HoldOut.Count(spec.Data, Sequences, problems);
        problems.ThrowIfAny();
        var shape = new DataShape(1, 0, 1, 0);
        return DataSource.OfSequences(shape, new SineSet(shape, Sequences, SequenceLength, spec.Seed), held);
    }

    private protected override int Features(ModelSpec model) => 1;
}

/// <summary>The sequences of source <c>sine</c>, all equally long.</summary>
internal sealed class SineSet : SequenceSet
{
    private const double SlowestFrequency = 0.01;
    private const double FrequencyRange = 0.09;

    private readonly int _sequences;
    private readonly int _length;
    private readonly SyntheticValues _values;

    public SineSet(DataShape shape, int sequences, int length, long seed) : base(shape)
    {
        (_sequences, _length) = (sequences, length);
        ulong key = CounterRandom.Key(seed, RandomPurpose.SineWaves);
        _values = new(sequences, length + 1L, 1, (sequence, start, destination) =>
        {
            ulong own = CounterRandom.Derive(key, (ulong)sequence);
            double frequency = SlowestFrequency + (FrequencyRange * CounterRandom.Uniform(own, 0));
            double phase = CounterRandom.Uniform(own, 1);
            for (int i = 0; i < destination.Length; i++)
                destination[i] = (float)PortableSine.OfTurns(phase + (frequency * (start + i)));
        });
    }

    public override int Count => _sequences;

    public override int Length(int sequence) => _length;

    protected override void FillInputs(SequenceSlice slice, Span<float> destination) =>
        _values.Read(slice.Sequence, slice.Start, destination);

    protected override void FillTargets(SequenceSlice slice, Span<float> destination) =>
        _values.Read(slice.Sequence, slice.Start + 1L, destination);
}
