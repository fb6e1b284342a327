using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Data.Extending;

/// <summary>A sequence that is a part of others.</summary>
/// <param name="Start">Where it begins in those, laid end to end.</param>
/// <param name="Length">Its time steps.</param>
/// <param name="Continues">Whether it follows on a hidden state.</param>
internal readonly record struct SequenceTail(long Start, int Length, bool Continues);

/// <summary>
/// Parts of sequences as sequences: of data that grew, what is trained on now. Where the sequences are the rows of one stream, a part may
/// lie in several of them.
/// </summary>
internal sealed class TailSet : ISequenceSet, ITargetUnits, IArrivedSequences
{
    private readonly ISequenceSet _all;
    private readonly IReadOnlyList<SequenceTail> _tails;
    private readonly long[] _starts;

    /// <param name="all">The sequences.</param>
    /// <param name="tails">The parts.</param>
    public TailSet(ISequenceSet all, IReadOnlyList<SequenceTail> tails)
    {
        (_all, _tails) = (all, tails);
        _starts = Starts(all);
    }

    private delegate void Reader<T>(ISequenceSet set, SequenceSlice slice, Span<T> destination);

    public int Count => _tails.Count;

    public ArrivedSteps? Arrived => (_all as IArrivedSequences)?.Arrived;

    public int MissingRows => (_all as IArrivedSequences)?.MissingRows ?? 0;

    public IReadOnlyList<string> SeriesNames => (_all as IArrivedSequences)?.SeriesNames ?? [];

    public ITargetUnits? Units => _all.Units is null ? null : this;

    /// <summary>Where each sequence begins when they are laid end to end.</summary>
    public static long[] Starts(ISequenceSet sequences)
    {
        var starts = new long[sequences.Count];
        for (int i = 1; i < starts.Length; i++)
            starts[i] = starts[i - 1] + sequences.Length(i - 1);
        return starts;
    }

    public int Length(int sequence) => _tails[sequence].Length;

    public bool Continues(int sequence) => _tails[sequence].Continues;

    public string? SeriesOf(int sequence) =>
        _tails[sequence].Length == 0 ? null : _all.SeriesOf(SequenceAt(_tails[sequence].Start));

    public SourceRows? RowsOf(SequenceSlice slice)
    {
        var first = First(slice);
        return _all.RowsOf(first) is { } rows ? rows with { Last = rows.Last + slice.Length - first.Length } : null;
    }

    public void ReadInputs(SequenceSlice slice, Span<float> destination) =>
        Read(slice, destination, static (set, part, to) => set.ReadInputs(part, to));

    public void ReadInputs(SequenceSlice slice, Span<long> destination) =>
        Read(slice, destination, static (set, part, to) => set.ReadInputs(part, to));

    public void ReadTargets(SequenceSlice slice, Span<float> destination) =>
        Read(slice, destination, static (set, part, to) => set.ReadTargets(part, to));

    public void ReadTargets(SequenceSlice slice, Span<long> destination) =>
        Read(slice, destination, static (set, part, to) => set.ReadTargets(part, to));

    public void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> values, Span<double> destination)
    {
        while (slice.Length > 0)
        {
            SequenceSlice part = First(slice);
            _all.Units!.ToUnits(part, target, values[..part.Length], destination[..part.Length]);
            values = values[part.Length..];
            destination = destination[part.Length..];
            slice = slice with { Start = slice.Start + part.Length, Length = slice.Length - part.Length };
        }
    }

    public double Factor(int sequence, int target) => _all.Units!.Factor(SequenceAt(_tails[sequence].Start), target);

    /// <summary>Null: what is known of all sequences is not known of a part of them.</summary>
    public double? NaiveRmse(int target) => null;

    public double NaiveError(int sequence, int target) => _all.Units!.NaiveError(SequenceAt(_tails[sequence].Start), target);

    private void Read<T>(SequenceSlice slice, Span<T> destination, Reader<T> read)
    {
        if (slice.Start < 0 || slice.Length < 0 || slice.Length > Length(slice.Sequence) - slice.Start)
            throw new ArgumentOutOfRangeException(nameof(slice), slice, $"the sequence has {Length(slice.Sequence)} time steps");
        int width = slice.Length == 0 ? 0 : destination.Length / slice.Length;
        while (slice.Length > 0)
        {
            SequenceSlice part = First(slice);
            int count = part.Length * width;
            read(_all, part, destination[..count]);
            destination = destination[count..];
            slice = slice with { Start = slice.Start + part.Length, Length = slice.Length - part.Length };
        }
    }

    /// <summary>As much of a slice as lies in one of the sequences that this set is a part of.</summary>
    private SequenceSlice First(SequenceSlice slice)
    {
        long position = _tails[slice.Sequence].Start + slice.Start;
        int sequence = SequenceAt(position);
        int start = (int)(position - _starts[sequence]);
        return new(sequence, start, Math.Min(slice.Length, _all.Length(sequence) - start));
    }

    private int SequenceAt(long position)
    {
        int index = Array.BinarySearch(_starts, position);
        return index < 0 ? ~index - 1 : index;
    }
}
