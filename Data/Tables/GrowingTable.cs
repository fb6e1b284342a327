using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// A table to which rows are appended while a run trains on it. What has come is read, standardised as the rows before, and appended; each
/// reading is a source of its own, which has the rows up to there and stays as it is when more come.
/// </summary>
internal sealed class GrowingTable
{
    private readonly Lock _gate = new();
    private readonly TableSource _source;
    private readonly DataSpec _data;
    private readonly TableScan _scan;
    private readonly SourceDescription _trained;
    private readonly FloatTable _table;
    private readonly ProblemList _problems;
    private readonly RowAppender _rows;
    private readonly SeriesPlaces? _places;
    private readonly ArrivedChunks? _chunks;
    private readonly ColumnHistogram[] _histograms;
    private readonly SharedParts _shared;

    /// <summary>Takes a table over that has been read to the last row there is.</summary>
    /// <param name="source">Names the columns.</param>
    /// <param name="data">Lanes; nothing is held out.</param>
    /// <param name="trained">What the columns are read and scaled by.</param>
    /// <param name="scan">Has read it; owned from here on.</param>
    /// <param name="table">The rows; owned from here on.</param>
    /// <param name="histograms">Of each column used.</param>
    /// <param name="chunks">Has taken the rows, where they are of several series; null otherwise.</param>
    /// <param name="problems">Collects the problems.</param>
    public GrowingTable(
        TableSource source, DataSpec data, SourceDescription trained, TableScan scan, FloatTable table, ColumnHistogram[] histograms,
        ArrivedChunks? chunks, ProblemList problems)
    {
        (_source, _data, _trained, _scan, _table, _histograms) = (source, data, trained, scan, table, histograms);
        (_chunks, _problems) = (chunks, problems);
        _places = source.Series is null ? null : new([.. scan.Order.Rows]);
        _shared = new(table, scan);
        _rows = new(source, scan, table, problems);
        _rows.Begin();
        scan.DropRows();
    }

    /// <summary>The rows that there are now.</summary>
    public IFloatRows Rows => _places is null ? _table : _places.Of(_table, [.. _scan.Order.Rows]);

    /// <summary>A share in the table, which is closed with the last one.</summary>
    public IDisposable Share() => _shared.Share();

    /// <summary>Reads what has come.</summary>
    /// <param name="opened">Says what that is.</param>
    /// <param name="view">Opens the sequences of a cut, as they are described.</param>
    /// <param name="before">What was read before.</param>
    /// <exception cref="SpecException">It cannot be trained on; carries every mistake found.</exception>
    public DataSource Grow(
        InputFiles opened, Func<TableCut, SourceDescription, DataSource> view, SourceDescription before)
    {
        lock (_gate)
        {
            var followed = opened.Followed!;
            return TableOpening.Open(
                _source.Path, () => _source.OpenTable(opened.FollowedPath, followed.Added, _scan.Reader),
                (reader, _) => Read(reader, view, before));
        }
    }

    private DataSource Read(TableReader reader, Func<TableCut, SourceDescription, DataSource> view, SourceDescription before)
    {
        _scan.Continue(reader);
        bool isTransformed = _source.Transform.Pairs.Count > 0;
        _scan.Transform(isTransformed ? _histograms : []);
        var statistics = ColumnStatistics.OfTrained(_source, _trained, _scan.Used.Names, _scan.Order, _problems);
        _problems.ThrowIfAny();
        IReadOnlyList<CategoryColumn> categories = _scan.Categories(_scan.Rows([]));
        long row = _table.Rows;
        _rows.Append(statistics, categories, isTransformed ? [] : _histograms, series =>
        {
            _places?.Add(series, row++);
            Take(_chunks, series, 0, _data.BatchSize, _scan.Order, _problems);
        });

        // The last use of the rows as they were read.
        _scan.DropRows();
        var rows = _scan.Order.Rows;
        TableCut? cut = _source.Series is not null
            ? TableCut.TryCut(rows, _data, _source.Horizon, _problems, _scan.Order.Before)
            : StreamCut.TryCut(rows[0], "row", _source.Path, _data, _source.Horizon, _problems) is { } stream ? TableCut.Of(stream) : null;
        if (cut is null)
            throw new SpecException(_problems.ToList());
        for (int column = 0; column < _histograms.Length; column++)
            _histograms[column] = _histograms[column].Within(_scan.Surveys[_scan.Used.Read[column]]);
        return view(cut, before with
        {
            Columns = _scan.Describe(cut, categories)
                .ColumnsOf(
                    _scan.Surveys, _scan.Tallies, _histograms, statistics.IsIdentity ? null : statistics,
                    NaiveErrors.OfTrained(
                        before, [.. _scan.Used.Targets.Select(column => _scan.Used.Names[column])], _scan.Order, statistics.IsPerSeries)),
        });
    }

    /// <summary>Lets chunks of series take a row.</summary>
    /// <param name="chunks">The chunks; null where there are no series.</param>
    /// <param name="series">The row's series.</param>
    /// <param name="trained">Where it is the first row of its series: the time steps that the parent was trained on.</param>
    /// <param name="lanes">Lanes of the run.</param>
    /// <param name="order">Has the names of the series.</param>
    /// <param name="problems">Collects the problem of a series without a lane.</param>
    public static void Take(
        ArrivedChunks? chunks, int series, int trained, int lanes, RowOrder order, ProblemList problems)
    {
        if (series >= lanes && problems.IsEmpty && chunks is not null)
        {
            problems.Add(
                DataKeys.Series, $"series {order.NameOf(series)}, the {series + 1}th, with data.batchSize {lanes}",
                "a lane for each series of a file that is followed",
                "extend the parent once more, with --set data.batchSize=N as many lanes as there will be series: it is trained on all rows "
                + "that have come");
        }

        if (series < lanes)
            chunks?.Take(series, trained);
    }
}
