using System.Runtime.InteropServices;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>The column of time, read in one of the ways in which its texts can be read.</summary>
/// <param name="source">Says whether the column is named.</param>
/// <param name="chosen">The column.</param>
/// <param name="index">Its index among the columns that are read.</param>
/// <param name="borders">The times at which parts begin that are held out.</param>
internal sealed class RowTimes(TableSource source, ChosenColumn chosen, int index, IReadOnlyList<TimeBorder> borders)
{
    private readonly List<double> _last = [];
    private readonly Dictionary<(HeldOutPart, int), long> _before = [];
    private ColumnTally _tally = new();

    /// <summary>Its index among the columns that are read.</summary>
    public int Column => index;

    /// <summary>Whether times rise, and by which steps.</summary>
    public TimeOrder Order { get; } = new(source, chosen);

    /// <summary>Whether the day stands before the month where the year stands last.</summary>
    public bool IsDayFirst => chosen.Type == CellType.DayFirstTime;

    /// <summary>Rows without a time.</summary>
    public long Timeless => _tally.Missing + _tally.Others;

    /// <summary>Takes the next rows.</summary>
    /// <param name="block">The rows.</param>
    /// <param name="order">Says which series each belongs to; negative for none.</param>
    public void Add(TableBlock block, ReadOnlySpan<int> order)
    {
        _tally = block.Tallies[index];
        ReadOnlySpan<double> times = block.Column(index)[..block.Rows];
        for (int row = 0; row < times.Length; row++)
        {
            int series = order[row];
            if (series < 0 || double.IsNaN(times[row]))
                continue;
            while (_last.Count <= series)
                _last.Add(double.NaN);
            Order.Add(block.Places[row], _last[series], times[row]);
            _last[series] = times[row];
            for (int border = 0; border < borders.Count; border++)
            {
                if (times[row] < borders[border].Time)
                    CollectionsMarshal.GetValueRefOrAddDefault(_before, (borders[border].Part, series), out _)++;
            }
        }
    }

    /// <summary>The rows of a series that lie before a part that begins at a time.</summary>
    public long Before(HeldOutPart part, int series) => _before.GetValueOrDefault((part, series));

    /// <summary>Whether another way of reading is better: it reads more cells, in an order with fewer turns, in more equal steps.</summary>
    public bool IsWorseThan(RowTimes other) =>
        (other.Timeless, other.Order.Turns, other.Order.Steps).CompareTo((Timeless, Order.Turns, Order.Steps)) < 0;

    /// <summary>A remark on rows without a time in a column of times that the spec does not name: they may be no rows.</summary>
    public IReadOnlyList<string> Notes(TableReader reader)
    {
        if (source.Time is not null || _last.Count == 0)
            return [];
        bool isOther = _tally.Others > 0;
        OtherCell cell = isOther ? _tally.FirstOthers[0] : _tally.FirstMissing[0];
        return
        [
            $"{Wording.Count(Timeless, "row")} without a time in column {Wording.Quote(chosen.Name)}, first at "
            + reader.Describe(cell.Place) + (isOther ? $", where {Wording.Quote(cell.Text)} stands" : "")
            + ": look whether they are rows of data, and no totals or remarks",
        ];
    }

    /// <summary>Adds the problems of rows without a time, or in another order than that of time.</summary>
    public void Check(TableReader reader, ProblemList problems)
    {
        if (Timeless == 0)
            Order.Check(reader, problems);
        if (Timeless == 0 || source.Time is null)
            return;
        string column = Wording.Quote(source.Time);
        if (_tally.Missing > 0)
        {
            problems.Add(
                DataKeys.Time,
                $"{Wording.Count(_tally.Missing, "row")} without a time, first at {reader.Describe(_tally.FirstMissing[0].Place)}",
                $"a time in column {column} of every row, such as 2020-01-31 12:30", "correct or remove these rows");
        }

        if (_tally.Others > 0)
        {
            OtherCell cell = _tally.FirstOthers[0];
            var (first, otherwise) = IsDayFirst ? ("day", CellType.Time) : ("month", CellType.DayFirstTime);
            bool isOtherwise = !double.IsNaN(TimeText.Of(otherwise).Value(cell.Text));
            problems.Add(
                DataKeys.Time,
                $"{Wording.Quote(cell.Text)} in column {column} at {reader.Describe(cell.Place)}, which is no time"
                + (isOtherwise ? $" where the {first} stands first" : "")
                + (_tally.Others > 1 ? $", as in {Wording.Count(_tally.Others - 1, "further row")}" : ""),
                isOtherwise ? $"the {first} first, as in the other rows" : "a time such as 2020-01-31 12:30",
                isOtherwise ? "write all times in one way" : TimeText.IsClock(cell.Text)
                    ? "write the date in front of the time of day, or leave out data.time" : "correct it");
        }
    }
}
