using System.Buffers;
using System.Globalization;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>Reads consecutive rows of the arrays; a row is a time step, of whichever sequence.</summary>
internal sealed class ArrayRows(ArrayShapes shapes, ArrayFiles files)
{
    public void ReadInputs(long row, Span<float> destination) => files.Inputs!.Read(row * shapes.InputWidth, destination);

    public void ReadTokens(long row, Span<long> destination) => files.Inputs!.Read(row, destination);

    /// <summary>Targets that are values; NaN where they are masked, or not known at all.</summary>
    public void ReadTargets(long row, Span<float> destination)
    {
        if (files.Targets is not { } targets)
        {
            destination.Fill(float.NaN);
            return;
        }

        targets.Read(row * shapes.TargetWidth, destination);
        Mask(row, destination, float.NaN);
    }

    /// <summary>Targets that are classes; masked where they are not known at all.</summary>
    public void ReadClasses(long row, Span<long> destination)
    {
        if (files.Targets is not { } targets)
        {
            destination.Fill(DataShape.MaskedClass);
            return;
        }

        targets.Read(row, destination);
        Mask(row, destination, DataShape.MaskedClass);
    }

    private void Mask<T>(long row, Span<T> targets, T masked)
    {
        if (shapes.MaskWidth == 0)
            return;
        int each = shapes.TargetElements / shapes.MaskWidth;
        float[] mask = ArrayPool<float>.Shared.Rent(targets.Length / each);
        try
        {
            files.Mask!.Read(row * shapes.MaskWidth, mask.AsSpan(0, targets.Length / each));
            for (int i = 0; i < targets.Length; i++)
            {
                if (mask[i / each] == 0)
                    targets[i] = masked;
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(mask);
        }
    }
}

/// <summary>Independent sequences of arrays, read on demand.</summary>
internal sealed class ArraySequences(DataShape shape, ArrayShapes shapes, ArrayRows rows, int[]? lengths) : SequenceSet(shape)
{
    private readonly int _targets = shapes.TargetElements;

    /// <summary>Whether sequences are named by their places, from 0 on. Default false.</summary>
    public bool AreNumbered { get; init; }

    public override string? SeriesOf(int sequence) => AreNumbered ? sequence.ToString(CultureInfo.InvariantCulture) : null;

    public override int Count => shapes.Sequences;

    public override int Length(int sequence) => lengths is null ? shapes.Steps : lengths[sequence];

    protected override void FillInputs(SequenceSlice slice, Span<float> destination) => rows.ReadInputs(Row(slice), destination);

    protected override void FillTokens(SequenceSlice slice, Span<long> destination) => rows.ReadTokens(Row(slice), destination);

    protected override void FillTargets(SequenceSlice slice, Span<float> destination)
    {
        if (!shapes.IsTargetAtEnd)
        {
            rows.ReadTargets(Row(slice), destination);
            return;
        }

        destination.Fill(float.NaN);
        if (EndsSequence(slice))
            rows.ReadTargets(slice.Sequence, destination[^_targets..]);
    }

    protected override void FillClasses(SequenceSlice slice, Span<long> destination)
    {
        if (shapes.LabelRoom > 0)
        {
            // The first time steps carry the labels: where they stand does not matter.
            int labels = Math.Clamp(shapes.LabelRoom - slice.Start, 0, slice.Length);
            rows.ReadClasses(((long)slice.Sequence * shapes.LabelRoom) + slice.Start, destination[..labels]);
            destination[labels..].Fill(DataShape.MaskedClass);
            return;
        }

        if (!shapes.IsTargetAtEnd)
        {
            rows.ReadClasses(Row(slice), destination);
            return;
        }

        destination.Fill(DataShape.MaskedClass);
        if (EndsSequence(slice))
            rows.ReadClasses(slice.Sequence, destination[^1..]);
    }

    private bool EndsSequence(SequenceSlice slice) => slice.Length > 0 && slice.Start + slice.Length == Length(slice.Sequence);

    private long Row(SequenceSlice slice) => ((long)slice.Sequence * shapes.Steps) + slice.Start;
}

/// <summary>Rows of the one stream of arrays: the target of a time step lies at its own place.</summary>
internal sealed class ArrayStream(DataShape shape, StreamRows lanes, ArrayRows rows) : StreamSet(shape, lanes)
{
    protected override void FillInputs(SequenceSlice slice, Span<float> destination) => rows.ReadInputs(Position(slice), destination);

    protected override void FillTokens(SequenceSlice slice, Span<long> destination) => rows.ReadTokens(Position(slice), destination);

    protected override void FillTargets(SequenceSlice slice, Span<float> destination) => rows.ReadTargets(Position(slice), destination);

    protected override void FillClasses(SequenceSlice slice, Span<long> destination) => rows.ReadClasses(Position(slice), destination);
}
