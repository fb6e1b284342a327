using Orleans.Tbptt.Data;
using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Tests.Training.Reference;

/// <summary>
/// Data of any shape and any lengths, each number a hash of its place: nothing is stored, and any oracle can ask for one number.
/// </summary>
internal sealed class FormulaData(DataShape shape, int[] training, int[]? held = null, long seed = 1) : IDataSource
{
    public DataShape Shape => shape;

    public FormulaSequences Sequences { get; } = new(shape, training, CounterRandom.Derive((ulong)seed, 0));

    public ISequenceSet Training => Sequences;

    public ISequenceSet? Validation { get; } = held is null ? null
        : new FormulaSequences(shape, held, CounterRandom.Derive((ulong)seed, 1));

    public void Dispose()
    {
    }
}

/// <summary>Sequences of <see cref="FormulaData"/>.</summary>
internal sealed class FormulaSequences(DataShape shape, int[] lengths, ulong key) : ISequenceSet
{
    /// <summary>Whether targets are whole numbers from 0 to 9.</summary>
    public bool AreCounts { get; init; }

    public int Count => lengths.Length;

    public int Length(int sequence) => lengths[sequence];

    public float Input(int sequence, int time, int feature) => (float)(2 * Draw(0, sequence, time, feature) - 1);

    /// <summary>Where the shape is masked, a third of the targets are.</summary>
    public float Target(int sequence, int time, int feature) =>
        IsMasked(sequence, time, feature) ? float.NaN
        : AreCounts ? MathF.Floor((float)(10 * Draw(1, sequence, time, feature)))
        : (float)(2 * Draw(1, sequence, time, feature) - 1);

    public long Token(int sequence, int time, int column = 0) =>
        (long)((shape.HasTokens ? shape.Vocabulary : shape.Categories[column].Classes) * Draw(2, sequence, time, column));

    public long Class(int sequence, int time) =>
        IsMasked(sequence, time, 0) ? DataShape.MaskedClass : (long)(shape.Classes * Draw(3, sequence, time, 0));

    public void ReadInputs(SequenceSlice slice, Span<float> destination) => Fill(slice, destination, shape.InputFeatures, Input);

    public void ReadInputs(SequenceSlice slice, Span<long> destination) =>
        Fill(slice, destination, shape.Codes, Token);

    public void ReadTargets(SequenceSlice slice, Span<float> destination) => Fill(slice, destination, shape.TargetFeatures, Target);

    public void ReadTargets(SequenceSlice slice, Span<long> destination) =>
        Fill(slice, destination, 1, (sequence, time, _) => Class(sequence, time));

    private bool IsMasked(int sequence, int time, int feature) => shape.IsMasked && Draw(4, sequence, time, feature) < 1.0 / 3;

    private static void Fill<T>(SequenceSlice slice, Span<T> destination, int width, Func<int, int, int, T> value)
    {
        Assert.Equal(slice.Length * width, destination.Length);
        for (int i = 0; i < destination.Length; i++)
            destination[i] = value(slice.Sequence, slice.Start + i / width, i % width);
    }

    private double Draw(int kind, int sequence, int time, int feature)
    {
        ulong of = CounterRandom.Derive(CounterRandom.Derive(key, (ulong)kind), (ulong)sequence);
        return CounterRandom.Uniform(CounterRandom.Derive(of, (ulong)time), (ulong)feature);
    }
}
