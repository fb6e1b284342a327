using Orleans.Tbptt.Data;
using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Benchmarks.Compare;

/// <summary>
/// A sequence for each lane of a case, drawn once and held in memory, as the bare loops hold theirs: values, or words of which the n-th is
/// about as frequent as 1 / n, as in a text.
/// </summary>
internal sealed class DrawnData : IDataSource, ISequenceSet
{
    private readonly CompareCase _case;
    private readonly float[] _values;
    private readonly int[] _words;

    public DrawnData(CompareCase one)
    {
        _case = one;
        long draws = (long)one.Lanes * (Length(0) + 1);
        _words = one.Words == 0 ? [] : [.. Enumerable.Range(0, (int)draws).Select(Word)];
        _values = one.Words > 0 ? [] : [.. Enumerable.Range(0, (int)draws * Math.Max(one.Inputs, one.Outputs)).Select(
            i => (float)((2 * CounterRandom.Uniform(1, (ulong)i)) - 1))];
    }

    public DataShape Shape => _case.Words > 0 ? new(0, _case.Words, 0, _case.Words) : new(_case.Inputs, 0, _case.Outputs, 0);

    public ISequenceSet Training => this;

    public ISequenceSet? Validation => null;

    public int Count => _case.Lanes;

    public int Length(int sequence) => _case.Steps * CompareCase.Chunks;

    public void ReadInputs(SequenceSlice slice, Span<float> destination) => Read(slice, 0, destination);

    public void ReadTargets(SequenceSlice slice, Span<float> destination) => Read(slice, 1, destination);

    public void ReadInputs(SequenceSlice slice, Span<long> destination) => Read(slice, 0, destination);

    public void ReadTargets(SequenceSlice slice, Span<long> destination) => Read(slice, 1, destination);

    public void Dispose()
    {
    }

    private int Word(int at) => (int)Math.Pow(_case.Words, CounterRandom.Uniform(2, (ulong)at));

    private int First(SequenceSlice slice, int later) => (slice.Sequence * (Length(0) + 1)) + (int)slice.Start + later;

    private void Read(SequenceSlice slice, int later, Span<float> destination) =>
        _values.AsSpan(First(slice, later) * (destination.Length / slice.Length), destination.Length).CopyTo(destination);

    private void Read(SequenceSlice slice, int later, Span<long> destination)
    {
        int first = First(slice, later);
        for (int i = 0; i < destination.Length; i++)
            destination[i] = _words[first + i];
    }
}
