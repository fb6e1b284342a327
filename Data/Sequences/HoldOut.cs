using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Sequences;

/// <summary>Holds the last of a source's sequences out.</summary>
internal static class HoldOut
{
    /// <summary>The number of items that a fraction of <paramref name="count"/> gives: rounded, halves up.</summary>
    public static long Share(double fraction, long count) => (long)Math.Round(fraction * count, MidpointRounding.AwayFromZero);

    /// <summary>
    /// How many of <paramref name="count"/> sequences are held out: round(fraction × count) for each part, at least one unless its
    /// fraction is 0. Adds a problem when none is left to train on.
    /// </summary>
    public static HeldSequences Count(DataSpec data, int count, ProblemList problems)
    {
        HeldOut? validation = HeldOut.Of(data, HeldOutPart.Validation), test = HeldOut.Of(data, HeldOutPart.Test);
        var held = new HeldSequences(Of(validation), Of(test));
        if (held.All >= count && (validation ?? test) is { } key)
        {
            string other = validation is null || test is null ? "" : $" with {test.Key} {test.Found}";
            problems.Add(
                key.Key, $"{key.Found}, which{other} holds out {held.All} of {Wording.Count(count, "sequence")}",
                "at least one sequence left to train on", count == 1 ? "leave it out, or add sequences" : "lower it");
        }

        return held;

        int Of(HeldOut? part) => part is null ? 0 : (int)Math.Max(1, count - part.Start(count, count, null));
    }
}

/// <summary>How many sequences are held out of the end: those that are tested on are the last ones.</summary>
/// <param name="Validation">Those that are validated on.</param>
/// <param name="Test">Those that are tested on.</param>
internal readonly record struct HeldSequences(int Validation, int Test)
{
    /// <summary>All of them.</summary>
    public int All => Validation + Test;
}

/// <summary>A contiguous range of a set's sequences, as a set.</summary>
internal sealed class SequenceRange(ISequenceSet all, int first, int count) : ISequenceSet, ITargetUnits
{
    public int Count => count;

    public ITargetUnits? Units => all.Units is null ? null : this;

    public int Length(int sequence) => all.Length(Place(sequence));

    public string? SeriesOf(int sequence) => all.SeriesOf(Place(sequence));

    public SourceRows? RowsOf(SequenceSlice slice) => all.RowsOf(Place(slice));

    public void ReadInputs(SequenceSlice slice, Span<float> destination) => all.ReadInputs(Place(slice), destination);

    public void ReadInputs(SequenceSlice slice, Span<long> destination) => all.ReadInputs(Place(slice), destination);

    public void ReadTargets(SequenceSlice slice, Span<float> destination) => all.ReadTargets(Place(slice), destination);

    public void ReadTargets(SequenceSlice slice, Span<long> destination) => all.ReadTargets(Place(slice), destination);

    public void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> values, Span<double> destination) =>
        all.Units!.ToUnits(Place(slice), target, values, destination);

    public double Factor(int sequence, int target) => all.Units!.Factor(Place(sequence), target);

    /// <summary>Null: what is known of all sequences is not known of a part of them.</summary>
    public double? NaiveRmse(int target) => null;

    public double NaiveError(int sequence, int target) => all.Units!.NaiveError(Place(sequence), target);

    private SequenceSlice Place(SequenceSlice slice) => slice with { Sequence = Place(slice.Sequence) };

    private int Place(int sequence) => (uint)sequence < (uint)count
        ? first + sequence
        : throw new ArgumentOutOfRangeException(nameof(sequence), sequence, $"there are {count} sequences");
}
