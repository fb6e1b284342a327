using Orleans.Tbptt.Data;
using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Tests.Training.Reference;

/// <summary>
/// A task of memory: the first time step shows a sign, 1 or -1, and the last one asks for it. Inputs are the sign, 0 everywhere else, and
/// whether it is asked for; only the last target counts.
/// </summary>
internal sealed class RecallData(int sequences, int length) : IDataSource
{
    public DataShape Shape { get; } = new(2, 0, 1, 0) { IsMasked = true };

    public ISequenceSet Training => new Signs(sequences, length);

    public ISequenceSet? Validation => null;

    public void Dispose()
    {
    }

    private sealed class Signs(int sequences, int length) : ISequenceSet
    {
        public int Count => sequences;

        public int Length(int sequence) => length;

        public void ReadInputs(SequenceSlice slice, Span<float> destination)
        {
            for (int i = 0; i < slice.Length; i++)
            {
                int time = slice.Start + i;
                (destination[2 * i], destination[(2 * i) + 1]) = (time == 0 ? Sign(slice.Sequence) : 0, time == length - 1 ? 1 : 0);
            }
        }

        public void ReadInputs(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException();

        public void ReadTargets(SequenceSlice slice, Span<float> destination)
        {
            for (int i = 0; i < slice.Length; i++)
                destination[i] = slice.Start + i == length - 1 ? Sign(slice.Sequence) : float.NaN;
        }

        public void ReadTargets(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException();

        private static float Sign(int sequence) => (CounterRandom.Hash(5, (ulong)sequence) & 1) == 0 ? 1 : -1;
    }
}
