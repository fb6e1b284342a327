using System.Runtime.InteropServices;
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
    private readonly FloatTable? _times;
    private readonly RowOrder _order;
    private readonly StreamRows _rows;
    private readonly IColumnUnits _units;

    private TableForecast(
        TableSource source, RowOrder order, FloatTable table, FloatTable? times, StreamRows rows, IColumnUnits units, DataShape shape,
        UsedColumns used)
    {
        (_source, _order, _table, _times, _rows, _units, Shape) = (source, order, table, times, rows, units, shape);
        Sequences = new TableSet(shape, rows, table, used, source.Horizon)
        {
            Columns = units, SeriesNames = order.Names, HasTargets = false,
        };
    }

    public DataShape Shape { get; }

    public ISequenceSet Sequences { get; }

    public IReadOnlyList<string> Targets { get; private init; } = [];

    public int Horizon => _source.Horizon;

    public string? SeriesColumn => _source.Series;

    public string? TimeColumn => _times is null ? null : _source.Time;

    /// <summary>Reads a table.</summary>
    /// <param name="source">Names the columns, as in training.</param>
    /// <param name="data">The spec's data.</param>
    /// <param name="trained">What was trained on.</param>
    /// <param name="reader">Reads the file.</param>
    /// <param name="problems">Collects the problems.</param>
    /// <exception cref="SpecException">It cannot be forecast from; carries every mistake found.</exception>
    /// <exception cref="TableFormatException">It is no table of its format.</exception>
    public static TableForecast Open(
        TableSource source, DataSpec data, SourceDescription trained, TableReader reader, ProblemList problems)
    {
        // What is forecast alone need not be there: nobody knows it yet.
        string[] known = [.. source.Targets.Where(source.Inputs.Contains)];
        var inputs = source with
        {
            Targets = known,
            Transform = new([.. source.Transform.Pairs.Where(pair => source.Inputs.Contains(pair.Key) || known.Contains(pair.Key))]),
        };
        using var scan = new TableScan(inputs, data with { Validation = null, Test = null, ValidationFraction = 0 }, problems)
        {
            Trained = trained, IsForecast = true,
        };
        scan.Read(reader);
        UsedColumns used = scan.Used;
        StreamRows rows = Cut(scan.Order, used.Known.Count + used.KnownCategories.Count > 0 ? source.Horizon : 0);
        if (rows.Lengths.Count == 0)
        {
            problems.Add(
                DataKeys.Source, $"no row in {source.Path} to forecast from",
                used.Known.Count > 0 ? $"the {source.Horizon} rows after each, because data.known is read from them" : "at least one",
                "add rows");
        }

        ColumnStatistics statistics = ColumnStatistics.OfTrained(source, trained, used.Names, scan.Order, problems);
        problems.ThrowIfAny();
        ColumnStatistics targets = ColumnStatistics.OfTrained(source, trained, source.Targets, scan.Order, problems);
        CheckTargets(source, targets, scan.Order, problems);
        scan.Transform([]);
        TableRows all = scan.Rows(scan.Order.Rows);
        FloatTable table = all.Standardised(used.Read, scan.Categories(all), statistics, []);
        FloatTable? times = null;
        try
        {
            scan.Fill(table, null);
            times = all.Times();
            var shape = new DataShape(used.InputNames.Count, 0, source.Targets.Count, 0)
            {
                IsMasked = true,
                Categories = [.. used.Categories.Select(one => new CategoryShape(
                    one.Name, trained.Columns.First(column => column.Name == one.Name && column.Classes.Count > 0).Classes.Count))],
            };
            IColumnUnits units = Units(source, targets);
            return new(source, scan.Order, table, times, rows, units, shape, used)
            {
                Targets = [.. source.Targets.Select((name, i) => units.IsDifference(i) ? $"{name} difference" : name)],
            };
        }
        catch
        {
            table.Dispose();
            times?.Dispose();
            throw;
        }
    }

    public void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> outputs, Span<double> destination) =>
        _units.ToUnits(_rows.SeriesOf(slice.Sequence), _rows.Starts[slice.Sequence] + slice.Start, target, outputs, destination);

    public string? Seam
    {
        get
        {
            string[] differences =
            [
                .. _source.Transform.Pairs.Where(pair => pair.Value == ColumnTransform.Difference && _source.Inputs.Contains(pair.Key))
                    .Select(pair => pair.Key),
            ];
            return differences.Length > 0 ? $"the difference of {Wording.List(differences)} to the row before"
                : _source.MissingValues is MissingValues.Forward or MissingValues.Interpolate
                ? $"data.missingValues: {(_source.MissingValues == MissingValues.Forward ? "forward" : "interpolate")}"
                : _source.Known.Count > 0 ? $"{Wording.List(_source.Known)}, which data.known reads from rows ahead" : null;
        }
    }

    public double? InstantOf(int sequence, int step)
    {
        if (_times is null)
            return null;
        Span<double> time = stackalloc double[1];
        _times.Read(_rows.Starts[sequence] + step, MemoryMarshal.Cast<double, float>(time));
        return time[0];
    }

    public string? TimeOf(int sequence, int step) => InstantOf(sequence, step) is { } time ? _order.Show(time) : null;

    public void Dispose()
    {
        _table.Dispose();
        _times?.Dispose();
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

    /// <summary>Every row of every series, less those that lack what lies ahead.</summary>
    private static StreamRows Cut(RowOrder order, int ahead)
    {
        List<long> starts = [];
        List<int> lengths = [], series = [];
        long start = 0;
        for (int one = 0; one < order.Rows.Count; start += order.Rows[one], one++)
        {
            if (order.Rows[one] <= ahead)
                continue;
            starts.Add(start);
            lengths.Add(checked((int)(order.Rows[one] - ahead)));
            series.Add(one);
        }

        return new(starts, lengths) { Series = series };
    }

    private static IColumnUnits Units(TableSource source, ColumnStatistics statistics) => source.Transform.Pairs.Count == 0 ? statistics
        : new TransformedUnits(statistics, [.. source.Targets.Select(name => source.Transform.Pairs.Where(pair => pair.Key == name)
            .Select(pair => (ColumnTransform?)pair.Value).FirstOrDefault())]);
}
