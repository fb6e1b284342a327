using Orleans.Tbptt.Data;

namespace Orleans.Tbptt.Tests.Training.Reference;

/// <summary>Signs, each of which is the target one time step before; the last time step's is masked.</summary>
internal sealed class NextInputData : IDataSource, ISequenceSet
{
    private const int Steps = 20;

    private readonly FormulaSequences _draws = new(new(1, 0, 1, 0), [.. Enumerable.Repeat(Steps, 24)], 13);

    public DataShape Shape { get; } = new(1, 0, 1, 0) { IsMasked = true };

    public ISequenceSet Training => this;

    public ISequenceSet? Validation => null;

    public int Count => _draws.Count;

    public int Length(int sequence) => Steps;

    public void ReadInputs(SequenceSlice slice, Span<float> destination)
    {
        for (int t = 0; t < slice.Length; t++)
            destination[t] = Sign(slice.Sequence, slice.Start + t);
    }

    public void ReadInputs(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException();

    public void ReadTargets(SequenceSlice slice, Span<float> destination)
    {
        for (int t = 0; t < slice.Length; t++)
            destination[t] = slice.Start + t + 1 < Steps ? Sign(slice.Sequence, slice.Start + t + 1) : float.NaN;
    }

    public void ReadTargets(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private float Sign(int sequence, int time) => _draws.Input(sequence, time, 0) < 0 ? -1 : 1;
}
