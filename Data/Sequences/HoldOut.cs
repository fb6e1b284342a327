using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Sequences;

/// <summary>Holds the last of a source's sequences out for validation.</summary>
internal static class HoldOut
{
    /// <summary>The number of items that a fraction of <paramref name="count"/> gives: rounded, halves up.</summary>
    public static long Share(double fraction, long count) => (long)Math.Round(fraction * count, MidpointRounding.AwayFromZero);

    /// <summary>
    /// How many of <paramref name="count"/> sequences are held out: round(fraction × count), at least one unless the fraction is 0.
    /// Adds a problem when none is left to train on.
    /// </summary>
    public static int Count(double fraction, int count, ProblemList problems)
    {
        int held = fraction == 0 ? 0 : (int)Math.Max(1, Share(fraction, count));
        if (held >= count)
        {
            problems.Add(
                DataKeys.ValidationFraction, $"{fraction}, which holds out {held} of {Wording.Count(count, "sequence")}",
                "at least one sequence left to train on", count == 1 ? "leave it out, or add sequences" : "lower it");
        }

        return held;
    }
}

/// <summary>A contiguous range of a set's sequences, as a set.</summary>
internal sealed class SequenceRange(ISequenceSet all, int first, int count) : ISequenceSet, ITargetUnits
{
    public int Count => count;

    public ITargetUnits? Units => all.Units is null ? null : this;

    public int Length(int sequence) => all.Length(Place(sequence));

    public string? SeriesOf(int sequence) => all.SeriesOf(Place(sequence));

    public void ReadInputs(SequenceSlice slice, Span<float> destination) => all.ReadInputs(Place(slice), destination);

    public void ReadInputs(SequenceSlice slice, Span<long> destination) => all.ReadInputs(Place(slice), destination);

    public void ReadTargets(SequenceSlice slice, Span<float> destination) => all.ReadTargets(Place(slice), destination);

    public void ReadTargets(SequenceSlice slice, Span<long> destination) => all.ReadTargets(Place(slice), destination);

    public void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> values, Span<double> destination) =>
        all.Units!.ToUnits(Place(slice), target, values, destination);

    /// <summary>Null: what is known of all sequences is not known of a part of them.</summary>
    public double? NaiveRmse(int target) => null;

    private SequenceSlice Place(SequenceSlice slice) => slice with { Sequence = Place(slice.Sequence) };

    private int Place(int sequence) => (uint)sequence < (uint)count
        ? first + sequence
        : throw new ArgumentOutOfRangeException(nameof(sequence), sequence, $"there are {count} sequences");
}
