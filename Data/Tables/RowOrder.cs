using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// The order of a table's rows: which series each belongs to, and whether time rises within each. Sees the rows block by block, in the
/// order of the file; holds a few numbers for each series.
/// </summary>
/// <param name="source">Names the columns.</param>
/// <param name="chosen">The columns that are read.</param>
/// <param name="columns">Which of them are time and series.</param>
/// <param name="borders">The times at which parts begin that are held out.</param>
internal sealed class RowOrder(
    TableSource source, IReadOnlyList<ChosenColumn> chosen, TableColumns columns, IReadOnlyList<TimeBorder> borders)
{
    private readonly int _series = columns.Series;
    private readonly RowTimes[] _readings = [.. columns.Times.Select(column => new RowTimes(source, chosen[column], column, borders))];
    private readonly List<long> _rows = [];
    private int[] _seriesOf = [];
    private ColumnTally _names = new();
    private bool _differ;

    /// <summary>Rows of each series; one entry for all rows where there are no series.</summary>
    public IReadOnlyList<long> Rows => _rows;

    /// <summary>Whether the newest row comes first, in every series, and the rows are to be turned round.</summary>
    public bool IsNewestFirst => source.Time is not null && Times is { Order.IsNewestFirst: true };

    /// <summary>The column of time among those read, where every row has a time, and time rises; negative otherwise.</summary>
    public int OrderedTime => Times is { Timeless: 0 } times && (times.Order.Rises || IsNewestFirst) ? times.Column : -1;

    /// <summary>The column of time, in the best of the ways in which it can be read; the month first on a tie.</summary>
    private RowTimes? Times => _readings.Length > 1 && _readings[0].IsWorseThan(_readings[1]) ? _readings[1] : _readings.FirstOrDefault();

    /// <inheritdoc cref="RowTimes.Before"/>
    public long Before(HeldOutPart part, int series) => Times!.Before(part, series);

    /// <summary>Whether times can be read with the day or with the month first, and nothing shows which.</summary>
    public bool HasTwoReadings => _differ && _readings.All(reading => reading.Timeless == 0)
        && !_readings[0].IsWorseThan(_readings[1]) && !_readings[1].IsWorseThan(_readings[0]);

    /// <summary>Whether times are dates, and no numbers.</summary>
    public bool HasDates => Times is { } times && chosen[times.Column].Type.IsTime();

    /// <summary>The name of the column of time.</summary>
    public string TimeName => chosen[Times!.Column].Name;

    /// <summary>A time as people write it.</summary>
    public string Show(double time) => Times!.Order.Show(time);

    /// <summary>The series of a row; 0 where there are no series.</summary>
    public int SeriesOf(TableBlock block, int row) => _series < 0 ? 0 : (int)block.Column(_series)[row];

    /// <summary>The names of the series; empty where there are no series.</summary>
    public IReadOnlyList<string> Names => _names.Texts;

    /// <summary>The name of a series, for messages.</summary>
    public string NameOf(int series) => Names.Count > 0 ? Wording.Quote(Names[series]) : source.Path;

    /// <summary>The series of each row that was taken last; negative for a row without one.</summary>
    public ReadOnlySpan<int> LastSeries => _seriesOf;

    /// <summary>Takes the next rows.</summary>
    public void Add(TableBlock block)
    {
        if (_rows.Count == 0)
            _rows.Add(0);
        if (_seriesOf.Length < block.Rows)
            _seriesOf = new int[block.Capacity];
        if (_series < 0)
            _rows[0] += block.Rows;
        else
            CountSeries(block);
        foreach (RowTimes reading in _readings)
            reading.Add(block, _seriesOf);
        if (_readings.Length > 1 && !_differ)
        {
            _differ = !block.Column(_readings[0].Column)[..block.Rows].SequenceEqual(block.Column(_readings[1].Column)[..block.Rows]);
        }
    }

    /// <summary>Adds the problems of rows without a series, without a time, or in another order than that of time.</summary>
    public void Check(TableReader reader, ProblemList problems)
    {
        if (_names.Missing > 0)
        {
            // Namibia is a country.
            (long place, string text) = _names.FirstMissing[0];
            problems.Add(
                DataKeys.Series,
                $"{Wording.Count(_names.Missing, "row")} without a series, first at {reader.Describe(place)}"
                + (text.Length > 0 ? $", where {Wording.Quote(text)} stands for a missing value" : ""),
                $"a text in column {Wording.Quote(source.Series!)} of every row",
                text.Length > 0 ? "write data.missing: [\"?\"] if that is the name of a series, or fill these rows"
                    : "fill it, or remove these rows");
        }

        Times?.Check(reader, problems);
    }

    /// <summary>What people should know: gaps, repeated times, an order that was turned round.</summary>
    public IReadOnlyList<string> Notes(TableReader reader) => Times switch
    {
        { Timeless: 0 } times => [.. TwoReadings(times), .. times.Order.Notes(reader)],
        { } others => others.Notes(reader),
        null => [],
    };

    private IEnumerable<string> TwoReadings(RowTimes times)
    {
        if (!_differ || _readings.Any(reading => reading.Timeless > 0))
            yield break;
        string read = $"times of column {Wording.Quote(chosen[times.Column].Name)} are read with the "
            + $"{(times.IsDayFirst ? "day" : "month")} first";
        yield return _readings[0].IsWorseThan(_readings[1]) || _readings[1].IsWorseThan(_readings[0])
            ? $"{read}, because they rise most evenly so"
            : $"{read}, and could have the day first as well: write them as 2020-01-31 to make it certain";
    }

    private void CountSeries(TableBlock block)
    {
        _names = block.Tallies[_series];
        ReadOnlySpan<double> codes = block.Column(_series)[..block.Rows];
        for (int row = 0; row < codes.Length; row++)
        {
            int series = _seriesOf[row] = double.IsNaN(codes[row]) ? -1 : (int)codes[row];
            while (_rows.Count <= series)
                _rows.Add(0);
            if (series >= 0)
                _rows[series]++;
        }
    }
}
