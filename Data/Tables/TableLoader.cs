using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Makes sequences of a table, the same way for every format, in two passes that each hold only buffers in memory:
/// <code>
/// reader ──rows──▶ float64 as read ──statistics of the training part──▶ float32 as trained on
/// </code>
/// Cells are standardised in float64 and rounded once, at the end: a float32 has 7 digits, too few for a reading near 1.7e9.
/// </summary>
/// <param name="source">Names the columns.</param>
/// <param name="data">Lanes and held-out share.</param>
/// <param name="problems">Collects the problems.</param>
internal sealed class TableLoader(TableSource source, DataSpec data, ProblemList problems)
{
    /// <summary>Where all of the table is held out, what is trained on: its columns are scaled alike. Null otherwise.</summary>
    public SourceDescription? HeldOutOf { get; init; }

    /// <summary>The last rows of each series that are left out, of a table that is trained on. Default 0.</summary>
    public int RowsLeftOut { get; init; }

    /// <summary>Whether the time of each row is kept. Default false.</summary>
    public bool KeepsTimes { get; init; }

    /// <summary>Where the table grew since another run, what that run read: columns and classes are read alike. Null otherwise.</summary>
    public Growth? Growth { get; init; }

    /// <summary>
    /// Where a run begins with a model package, what its model was trained on: columns, classes and scales are read alike. Null otherwise.
    /// </summary>
    public SourceDescription? ReadAs { get; init; }

    /// <summary>Where rows are appended to the table while it is trained on, the time steps of a chunk; null otherwise.</summary>
    public int? FollowedBy { get; init; }

    /// <summary>How far that run trained on each series; empty where there are none.</summary>
    public IReadOnlyList<TrainedSeries> Trained { get; private set; } = [];

    /// <summary>What scales the columns; null where the rows to train on do.</summary>
    private SourceDescription? Scale => HeldOutOf ?? ReadAs ?? (Growth is { Refits: false } growth ? growth.Read : null);

    /// <summary>Reads the table and opens it as a source of sequences.</summary>
    /// <exception cref="SpecException">It cannot be trained on; carries every mistake found.</exception>
    /// <exception cref="TableFormatException">It is no table of its format.</exception>
    public IDataSource Open(TableReader reader)
    {
        var scan = new TableScan(source, data, problems) { Trained = HeldOutOf ?? ReadAs ?? Growth?.Read };
        bool isKept = false;
        try
        {
            IDataSource opened = Open(reader, scan);
            isKept = FollowedBy is not null;
            return opened;
        }
        finally
        {
            if (!isKept)
                scan.Dispose();
        }
    }

    private DataSource Open(TableReader reader, TableScan scan)
    {
        scan.Read(reader);
        UsedColumns used = scan.Used;
        TableCut? cut = problems.IsEmpty ? Cut(scan.Order) : null;
        if (cut is not null && HeldOutOf is null)
            CheckFarthest(cut.Training);
        if (cut is null || !problems.IsEmpty)
            throw new SpecException(problems.ToList());

        ColumnHistogram[] histograms =
            [.. used.Read.Select(column => new ColumnHistogram(scan.Surveys[column].Min, scan.Surveys[column].Max))];
        scan.Transform(histograms);
        TableRows rows = scan.Rows(cut.TrainingRows);
        Trained = Growth is null ? [] : GrownTable.Trained(source, Growth, scan, rows, problems);
        ColumnStatistics statistics = Scale is { } trained
            ? ColumnStatistics.OfTrained(source, trained, used.Names, scan.Order, problems)
            : source.Standardize && source.Scale != TableScale.None
            ? rows.Statistics(used.Read, perSeries: source.Scale == TableScale.Series, used.Static)
            : ColumnStatistics.None(used.Names.Count);
        if (statistics.Unscaled.Count > 0)
            cut = cut.WithoutHeldOut(statistics.Unscaled, data, problems);
        problems.ThrowIfAny();
        IReadOnlyList<CategoryColumn> categories = scan.Categories(rows);
        FloatTable table = rows.Standardised(used.Read, categories, statistics, source.Transform.Pairs.Count == 0 ? histograms : []);
        FloatTable? times = null;
        try
        {
            times = KeepsTimes ? rows.Times() : null;
            if (HeldOutOf is not null)
                CheckClasses(categories, table.Rows);
            scan.Fill(table, cut.At);
            if (used.IsMasked)
                CheckTargets(table, used, cut);
            IColumnUnits units = TransformedUnits.Of(source, used.Names, statistics);
            NaiveErrors errors = HeldOutOf is { } read
                ? NaiveErrors.OfTrained(
                    read, [.. used.Targets.Select(column => used.Names[column])], scan.Order, statistics.IsPerSeries)
                : NaiveErrors.Of(
                    used, table, scan.Order.Rows, cut.TrainingRows, units, source.Season, statistics.IsPerSeries);
            SourceDescription description = scan.Describe(cut, categories)
                .Of(scan.Surveys, scan.Tallies, histograms, statistics.IsIdentity ? null : statistics, errors, rows, table);
            if (FollowedBy is { } chunk)
                return Follow(scan, table, histograms, cut, units, description, categories, chunk);
            TableSet Set(StreamRows part) => Sequences(
                table, times, used, categories, cut, units, scan.Order, part, errors);
            return new DataSource(Shape(used, categories), Set(cut.Training), cut.Validation is null ? null : Set(cut.Validation),
                times is null ? [table] : [table, times])
            {
                Test = cut.Test is null ? null : Set(cut.Test),
                Description = description,
            };
        }
        catch
        {
            table.Dispose();
            times?.Dispose();
            throw;
        }
    }

    private TableCut? Cut(RowOrder order)
    {
        (IReadOnlyList<long> rows, int horizon) = (order.Rows, source.Horizon);
        if (RowsLeftOut > 0)
            return TableCut.TryLeaveOut(rows, RowsLeftOut, source, data, horizon, problems);
        if (source.Series is not null)
        {
            return HeldOutOf is null ? TableCut.TryCut(rows, data, horizon, problems, order.Before)
                : TableCut.TryHoldOut(rows, horizon, problems);
        }

        StreamCut? cut = HeldOutOf is null
            ? StreamCut.TryCut(rows.Sum(), "row", source.Path, data, horizon, problems, part => order.Before(part, 0))
            : StreamCut.TryHoldOut(rows.Sum(), "row", source.Path, data.BatchSize, horizon, problems);
        return cut is null ? null : TableCut.Of(cut);
    }

    /// <summary>Refuses rows ahead that are no row's target: their outputs would learn nothing.</summary>
    private void CheckFarthest(StreamRows training)
    {
        long most = Enumerable.Range(0, training.Lengths.Count).Select(sequence => training.EndOf(sequence) - training.Starts[sequence])
            .DefaultIfEmpty(0).Max();
        if (source.Horizons > Math.Max(1, most))
        {
            problems.Add(
                "data.horizon", $"1..{source.Horizons} with at most {Wording.Count(most + 1, "row")} to train on that follow each other",
                $"1..{most} at most, so that some row has a target so far ahead", "lower it, or add data");
        }
    }

    /// <summary>Refuses files of which no row has a known class of a column: another spelling is likelier than that all are new.</summary>
    private void CheckClasses(IReadOnlyList<CategoryColumn> categories, long rows)
    {
        foreach (CategoryColumn column in categories.Where(column => column.UnknownRows == rows && column.Classes.Count > 1))
        {
            problems.Add(
                DataKeys.Source,
                $"no row with a known class in column {Wording.Quote(column.Name)}"
                + (column.UnknownTexts is [var first, ..] ? $", but {Wording.Quote(first)}" : ""),
                $"one of those that are trained on: {Wording.List([.. column.Classes.Skip(1).Select(one => one.Name)])}",
                "write classes as in what is trained on, or leave the column out of data.categorical");
        }

        problems.ThrowIfAny();
    }

    /// <summary>Refuses a part of which every target is missing: its loss would be 0 / 0.</summary>
    private void CheckTargets(FloatTable table, UsedColumns used, TableCut cut)
    {
        foreach (var (part, rows) in new[] { ("training", cut.Training), ("validation", cut.Validation), ("test", cut.Test) })
        {
            bool hasTarget = rows is null or { Lengths.Count: 0 };
            for (int sequence = 0; !hasTarget && sequence < rows!.Lengths.Count; sequence++)
            {
                table.Scan(rows.Starts[sequence] + source.Horizon, rows.Lengths[sequence], (_, block) =>
                {
                    for (int row = 0; row < block.Length && !hasTarget; row += table.Width)
                    {
                        foreach (int column in used.Targets)
                            hasTarget |= !float.IsNaN(block[row + column]);
                    }
                });
            }

            if (!hasTarget)
            {
                problems.Add(
                    DataKeys.Targets,
                    $"no value of {Wording.List([.. used.Targets.Select(column => used.Names[column])])} in the {part} part",
                    "at least one", "add data, or name other targets");
            }
        }

        problems.ThrowIfAny();
    }

    private DataShape Shape(UsedColumns used, IReadOnlyList<CategoryColumn> categories) =>
        new(used.InputNames.Count, 0, checked(used.Targets.Count * source.Horizons), 0)
        {
            IsMasked = used.IsMasked || source.Horizons > 1,
            Categories = [.. categories.Select(column => new CategoryShape(column.Name, column.Classes.Count))],
        };

    private TableSet Sequences(
        FloatTable table, FloatTable? times, UsedColumns used, IReadOnlyList<CategoryColumn> categories, TableCut cut, IColumnUnits units,
        RowOrder order, StreamRows rows, NaiveErrors errors) => new(
            Shape(used, categories), rows, table, used, source.Horizon, source.Horizons)
        {
            Columns = units,
            SeriesNames = order.Names,
            RowTimes = times,
            Order = order,
            Errors = errors,
            Naive = rows == cut.Training ? [] : NaiveForecast.Rmse(used, table, rows, units, source.Horizon, source.Horizons),
        };

    /// <summary>Opens the table as one that grows.</summary>
    private DataSource Follow(
        TableScan scan, FloatTable table, ColumnHistogram[] histograms, TableCut opened, IColumnUnits units, SourceDescription read,
        IReadOnlyList<CategoryColumn> categories, int chunk)
    {
        ArrivedChunks? chunks = source.Series is null ? null : new(chunk, source.Horizon);
        if (chunks is not null)
        {
            var trained = Trained.ToDictionary(one => one.Name, one => one.Steps);
            int[] before = [.. scan.Order.Names.Select(name => trained.GetValueOrDefault(name))];
            scan.EachBlock(block =>
            {
                for (int row = 0; row < block.Rows; row++)
                {
                    int series = scan.Order.SeriesOf(block, row);
                    GrowingTable.Take(chunks, series, before[series], data.BatchSize, scan.Order, problems);
                }
            });
            problems.ThrowIfAny();
        }

        var growing = new GrowingTable(source, data, Growth!.Read, scan, table, histograms, chunks, problems);
        return View(opened, read);

        DataSource View(TableCut cut, SourceDescription description)
        {
            // The first target that is missing may have come now.
            DataShape shape = Shape(scan.Used, categories);
            var training = new TableSet(shape, cut.Training, growing.Rows, scan.Used, source.Horizon)
            {
                Columns = units, SeriesNames = [.. scan.Order.Names], Arrived = chunks?.Steps, MissingRows = chunks?.MissingRows ?? 0,
            };
            return new(shape, training, null, growing.Share())
            {
                Description = description,
                Grow = files => growing.Grow(files, View, description),
            };
        }
    }
}
