using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Streams;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>A table that a trained model is to forecast from.</summary>
internal sealed class TableForecast : IForecastData
{
    private readonly TableSource _source;
    private readonly FloatTable _table;
    private readonly FloatTable? _instants;
    private readonly StreamRows _rows;
    private readonly IReadOnlyList<long> _firstRows;
    private readonly PredictedColumns _predicted;

    private TableForecast(
        TableSource source, RowOrder order, FloatTable table, FloatTable? instants, ForecastCut cut, PredictedColumns predicted,
        DataShape shape, UsedColumns used)
    {
        (_source, _table, _instants, _rows, _firstRows, _predicted, Shape) =
            (source, table, instants, cut.Rows, cut.FirstRows, predicted, shape);
        Sequences = new TableSet(shape, cut.Rows, table, used, source.Horizon, source.Horizons)
        {
            Columns = predicted.Units, SeriesNames = order.Names, HasTargets = false, RowTimes = instants, Order = order,
        };
    }

    public DataShape Shape { get; }

    public ISequenceSet Sequences { get; }

    public IReadOnlyList<SeriesRows> Series { get; private init; } = [];

    public IReadOnlyList<string> Targets { get; private init; } = [];

    public IReadOnlyList<(int Sequence, int Step)> Arrivals { get; private init; } = [];

    public int Horizon => _source.Horizon;

    public int Horizons => _source.Horizons;

    public int AheadOf(int target) => _predicted.Ahead[target];

    public string? SeriesColumn => _source.Series;

    public string? TimeColumn => _instants is null ? null : _source.Time;

    /// <summary>
    /// What a cell that is filled by the rows around it would be filled by otherwise; all else that depends on rows before is carried over.
    /// </summary>
    public string? Seam => _source.MissingValues == MissingValues.Interpolate ? "data.missingValues: interpolate" : null;

    /// <summary>Reads a table.</summary>
    /// <param name="source">Names the columns, as in training.</param>
    /// <param name="spec">The spec of its training.</param>
    /// <param name="trained">What was trained on.</param>
    /// <param name="reader">Reads the file.</param>
    /// <param name="before">Where the series ended whose rows follow; null where the rows stand alone.</param>
    /// <param name="problems">Collects the problems.</param>
    /// <exception cref="SpecException">It cannot be forecast from; carries every mistake found.</exception>
    /// <exception cref="TableFormatException">It is no table of its format.</exception>
    public static TableForecast Open(
        TableSource source, RunSpec spec, SourceDescription trained, TableReader reader, RowsBefore? before,
        ProblemList problems)
    {
        bool arePart = before?.ArePart == true;
        // What is forecast alone need not be there: nobody knows it yet.
        string[] known = [.. source.Targets.Where(source.Inputs.Contains)];
        var inputs = source with
        {
            Targets = known,
            Transform = new([.. source.Transform.Pairs.Where(pair => source.Inputs.Contains(pair.Key) || known.Contains(pair.Key))]),
        };
        using var scan = new TableScan(inputs, spec.Data with { Validation = null, Test = null, ValidationFraction = 0 }, problems)
        {
            Trained = trained, IsForecast = true,
        };
        RowsBefore carried = before ?? new([]);
        using var all = new CarriedRows(reader, source, carried);
        scan.Read(all);
        UsedColumns used = scan.Used;
        var cut = ForecastCut.Of(source, scan.Order, carried.ByName);
        if (cut.Rows.Lengths.Count == 0 && before is null)
        {
            problems.Add(
                DataKeys.Source, $"no row in {source.Path} to forecast from",
                used.Known.Count > 0 ? $"the {source.Horizon} rows after each, because data.known is read from them" : "at least one",
                "add rows");
        }

        if (scan.Order.IsNewestFirst && carried.FirstCarried(scan.Order.Names) is { } last)
        {
            problems.Add(
                DataKeys.Time, $"rows in {source.Path} that do not follow on those before, the last of which is at {last.Time}",
                "later rows, the oldest first", "sort them by time, and remove those that were forecast from before");
        }
        else if (arePart && scan.Order.IsNewestFirst)
        {
            problems.Add(
                DataKeys.Time, $"rows in {source.Path} whose times fall", "rows as they come, the oldest first", "send them by time");
        }

        if (arePart && source.Time is { } time && scan.Order.HasTwoReadings)
        {
            problems.Add(
                DataKeys.Time, $"times in column {Wording.Quote(time)} of {source.Path} in which the day or the month may stand first",
                "times that are read in one way alone, because later rows could show another", "write them as 2020-01-31");
        }

        ColumnStatistics statistics = ColumnStatistics.OfTrained(source, trained, used.Names, scan.Order, problems);
        problems.ThrowIfAny();
        ColumnStatistics targets = ColumnStatistics.OfTrained(source, trained, source.Targets, scan.Order, problems);
        CheckTargets(source, targets, scan.Order, problems);
        var lastRows = scan.LastRows(CarriedCount.Of(source).All);
        scan.Transform([]);
        TableRows rows = scan.Rows(scan.Order.Rows);
        FloatTable table = rows.Standardised(used.Read, scan.Categories(rows), statistics, []);
        FloatTable? instants = null;
        try
        {
            scan.Fill(table, null);
            instants = rows.Times();
            var shape = new DataShape(used.InputNames.Count, 0, checked(source.Targets.Count * source.Horizons), 0)
            {
                IsMasked = true,
                Categories = [.. used.Categories.Select(one => new CategoryShape(
                    one.Name, trained.Columns.First(column => column.Name == one.Name && column.Classes.Count > 0).Classes.Count))],
            };
            IColumnUnits units = TransformedUnits.Of(source, source.Targets, targets);
            var predicted = new PredictedColumns(spec.Train.Loss, source, units);
            return new(source, scan.Order, table, instants, cut, predicted, shape, used)
            {
                Targets = predicted.Names,
                Series = cut.Series(scan.Order, instants, scan.ReadColumns, lastRows),
                Arrivals = arePart ? cut.Arrivals(source, scan.SeriesOfRows(), scan.Order.Rows.Count) : [],
            };
        }
        catch
        {
            table.Dispose();
            instants?.Dispose();
            throw;
        }
    }

    public void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> outputs, Span<double> destination) => _predicted.ToUnits(
        _rows.SeriesOf(slice.Sequence), _rows.Starts[slice.Sequence] + slice.Start, target, outputs, destination);

    public long FirstRow(int sequence) => _firstRows[sequence];

    public double? InstantOf(int sequence, int step) => Sequences.Times?.InstantOf(sequence, step);

    public string? TimeOf(int sequence, int step) => InstantOf(sequence, step) is { } time ? Sequences.Times!.Show(time) : null;

    public void Dispose()
    {
        _table.Dispose();
        _instants?.Dispose();
    }

    /// <summary>Refuses series whose outputs have no way back to the units of the file.</summary>
    private static void CheckTargets(TableSource source, ColumnStatistics targets, RowOrder order, ProblemList problems)
    {
        for (int target = 0; target < targets.Width; target++)
        {
            string[] without = [.. order.Names.Where((_, series) => targets.IsPerSeries
                && double.IsNaN(targets.Mean[(series * targets.Width) + target]))];
            if (without.Length > 0)
            {
                problems.Add(
                    DataKeys.Series,
                    $"{Wording.List(without)}, of which the rows that the model was trained on have no value of "
                    + Wording.Quote(source.Targets[target]), "series with a scale of their own",
                    "leave these rows out, or train with data.scale: column");
            }
        }

        problems.ThrowIfAny();
    }

    /// <summary>What the inputs of a row have of rows that a stream of rows does not have; null for nothing.</summary>
    public static string? SeamOf(TableSource source) =>
        source.MissingValues == MissingValues.Interpolate ? "data.missingValues: interpolate"
        : source.Known.FirstOrDefault(source.IsDifference) is { } known
        ? $"the difference of {Wording.Quote(known)}, which data.known reads from rows ahead" : null;
}
