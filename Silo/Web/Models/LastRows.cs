using Orleans.Tbptt.Data;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>The last rows of one sequence, as data by themselves; the sequence's row <see cref="Start"/> is its first one.</summary>
/// <param name="all">All sequences; not owned.</param>
/// <param name="sequence">The sequence.</param>
/// <param name="most">How many rows at most.</param>
internal sealed class LastRows(IForecastData all, int sequence, int most) : IForecastData, ISequenceSet
{
    /// <summary>The row of the sequence that is the first one here, from 0.</summary>
    public int Start { get; } = Math.Max(0, all.Sequences.Length(sequence) - most);

    public DataShape Shape => all.Shape;

    public ISequenceSet Sequences => this;

    public IReadOnlyList<SeriesRows> Series =>
    [
        .. all.Series.Where(one => one.Sequence == sequence).Select(
            one => one with { Sequence = 0, FirstInstant = InstantOf(0, 0), FirstTime = TimeOf(0, 0) }),
    ];

    public IReadOnlyList<(int Sequence, int Step)> Arrivals => [];

    public IReadOnlyList<string> Targets => all.Targets;

    public int Horizon => all.Horizon;

    public int Horizons => all.Horizons;

    public int AheadOf(int target) => all.AheadOf(target);

    public string? SeriesColumn => all.SeriesColumn;

    public string? TimeColumn => all.TimeColumn;

    public string? Seam => all.Seam;

    public int Count => 1;

    public int Length(int one) => all.Sequences.Length(sequence) - Start;

    public void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> outputs, Span<double> destination) =>
        all.ToUnits(Moved(slice), target, outputs, destination);

    public long FirstRow(int one) => all.FirstRow(sequence) + Start;

    public double? InstantOf(int one, int step) => all.InstantOf(sequence, Start + step);

    public string? TimeOf(int one, int step) => all.TimeOf(sequence, Start + step);

    public string? SeriesOf(int one) => all.Sequences.SeriesOf(sequence);

    public void ReadInputs(SequenceSlice slice, Span<float> destination) => all.Sequences.ReadInputs(Moved(slice), destination);

    public void ReadInputs(SequenceSlice slice, Span<long> destination) => all.Sequences.ReadInputs(Moved(slice), destination);

    public void ReadTargets(SequenceSlice slice, Span<float> destination) => all.Sequences.ReadTargets(Moved(slice), destination);

    public void ReadTargets(SequenceSlice slice, Span<long> destination) => all.Sequences.ReadTargets(Moved(slice), destination);

    public void Dispose()
    {
    }

    private SequenceSlice Moved(SequenceSlice slice) => new(sequence, Start + slice.Start, slice.Length);
}
