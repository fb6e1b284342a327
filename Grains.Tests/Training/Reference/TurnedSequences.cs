using Orleans.Tbptt.Data;

namespace Orleans.Tbptt.Tests.Training.Reference;

/// <summary>Sequences from their last time step to their first.</summary>
internal sealed class TurnedSequences(ISequenceSet all) : ISequenceSet
{
    public int Count => all.Count;

    public int Length(int sequence) => all.Length(sequence);

    public void ReadInputs(SequenceSlice slice, Span<float> destination) => Read(slice, destination, 3, all.ReadInputs);

    public void ReadInputs(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException();

    public void ReadTargets(SequenceSlice slice, Span<float> destination) => Read(slice, destination, 2, all.ReadTargets);

    public void ReadTargets(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException();

    private delegate void Reader(SequenceSlice slice, Span<float> destination);

    private static void Read(SequenceSlice slice, Span<float> destination, int width, Reader read)
    {
        Assert.Equal(0, slice.Start);
        var values = new float[destination.Length];
        read(slice, values);
        for (int i = 0; i < values.Length; i++)
            destination[i] = values[values.Length - width - (i / width * width) + (i % width)];
    }
}
