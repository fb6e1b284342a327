using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// The order of a table's rows: which series each belongs to, and whether time rises within each. Sees the rows block by block, in the
/// order of the file; holds a few numbers for each series.
/// </summary>
/// <param name="source">Names the columns.</param>
/// <param name="chosen">The columns that are read.</param>
/// <param name="columns">Which of them are time and series.</param>
internal sealed class RowOrder(TableSource source, IReadOnlyList<ChosenColumn> chosen, TableColumns columns)
{
    private readonly int _time = columns.Time;
    private readonly int _series = columns.Series;
    private readonly TimeOrder? _order = columns.Time < 0 ? null : new(source, chosen[columns.Time]);
    private readonly List<long> _rows = [];
    private readonly List<double> _last = [];
    private IReadOnlyList<string> _names = [];
    private (long Rows, long First) _nameless;
    private (long Rows, long First) _timeless;

    /// <summary>Rows of each series; one entry for all rows where there are no series.</summary>
    public IReadOnlyList<long> Rows => _rows;

    /// <summary>Whether the newest row comes first, in every series, and the rows are to be turned round.</summary>
    public bool IsNewestFirst => source.Time is not null && _order is { IsNewestFirst: true };

    /// <summary>Whether every row has a time, and time rises.</summary>
    public bool HasTimes => _order is not null && _timeless.Rows == 0 && (_order.Rises || IsNewestFirst);

    /// <summary>A time as people write it.</summary>
    public string Show(double time) => _order!.Show(time);

    /// <summary>The series of a row; 0 where there are no series.</summary>
    public int SeriesOf(TableBlock block, int row) => _series < 0 ? 0 : (int)block.Column(_series)[row];

    /// <summary>The name of a series.</summary>
    public string NameOf(int series) => _names.Count > 0 ? Wording.Quote(_names[series]) : source.Path;

    /// <summary>Takes the next rows.</summary>
    public void Add(TableBlock block)
    {
        if (_rows.Count == 0)
            Grow(0);
        if (_series >= 0)
            _names = block.Tallies[_series].Texts;
        if (_series < 0 && _time < 0)
        {
            _rows[0] += block.Rows;
            return;
        }

        ReadOnlySpan<double> codes = _series < 0 ? [] : block.Column(_series)[..block.Rows];
        ReadOnlySpan<double> times = _time < 0 ? [] : block.Column(_time)[..block.Rows];
        for (int row = 0; row < block.Rows; row++)
        {
            if (_series >= 0 && double.IsNaN(codes[row]))
            {
                Count(ref _nameless, block.Places[row]);
                continue;
            }

            int code = _series < 0 ? 0 : (int)codes[row];
            Grow(code);
            _rows[code]++;
            if (_time < 0)
                continue;
            if (double.IsNaN(times[row]))
            {
                Count(ref _timeless, block.Places[row]);
                continue;
            }

            _order!.Add(block.Places[row], _last[code], times[row]);
            _last[code] = times[row];
        }
    }

    /// <summary>Adds the problems of rows without a series, without a time, or in another order than that of time.</summary>
    public void Check(TableReader reader, ProblemList problems)
    {
        if (_nameless.Rows > 0)
        {
            problems.Add(
                DataKeys.Series, $"{Wording.Count(_nameless.Rows, "row")} without a series, first at {reader.Describe(_nameless.First)}",
                $"a text in column {Wording.Quote(source.Series!)} of every row", "fill it, or remove these rows");
        }

        if (_timeless.Rows > 0 && source.Time is not null)
        {
            problems.Add(
                DataKeys.Time, $"{Wording.Count(_timeless.Rows, "row")} without a time, first at {reader.Describe(_timeless.First)}",
                $"a time in column {Wording.Quote(source.Time)} of every row, such as 2020-01-31 12:30", "correct or remove these rows");
        }
        else if (_timeless.Rows == 0)
        {
            _order?.Check(reader, problems);
        }
    }

    /// <summary>What people should know: gaps, repeated times, an order that was turned round.</summary>
    public IReadOnlyList<string> Notes(TableReader reader) => _timeless.Rows == 0 && _order is not null ? _order.Notes(reader) : [];

    private static void Count(ref (long Rows, long First) some, long place) =>
        some = (some.Rows + 1, some.Rows == 0 ? place : some.First);

    private void Grow(int code)
    {
        while (_rows.Count <= code)
        {
            _rows.Add(0);
            _last.Add(double.NaN);
        }
    }
}
