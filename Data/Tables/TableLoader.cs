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

    /// <summary>Reads the table and opens it as a source of sequences.</summary>
    /// <exception cref="SpecException">It cannot be trained on; carries every mistake found.</exception>
    /// <exception cref="TableFormatException">It is no table of its format.</exception>
    public IDataSource Open(TableReader reader)
    {
        var columns = new TableColumns(source, reader.Columns, problems);
        if (columns.TryChoose() is not { } chosen)
            throw new SpecException(problems.ToList());
        reader.Choose(chosen);
        using var raw = new RawTable();
        var block = new TableBlock(chosen);
        var borders = TimeBorder.Read(data, columns.Times is [var time, ..] ? chosen[time] : null, problems);
        problems.ThrowIfAny();
        var order = new RowOrder(source, chosen, columns, borders);
        var (transforms, statics) = (new TableTransforms(source, chosen), new StaticColumns(source, chosen));
        ColumnSurvey[] surveys = [.. chosen.Select(_ => new ColumnSurvey())];
        while (reader.Fill(block))
        {
            order.Add(block);
            CheckTexts(reader, chosen, block);
            transforms.Look(block);
            statics.Look(block, order);
            for (int column = 0; column < surveys.Length; column++)
                surveys[column].Add(block.Column(column)[..block.Rows]);
            raw.Add(block);
        }

        reader.AddProblems(problems);
        order.Check(reader, problems);
        transforms.Check(reader, problems);
        statics.Check(reader, order, problems);
        UsedColumns? used = columns.TryUse(reader, chosen, block.Tallies, raw.Rows);
        if (used is not null && HeldOutOf is { } training && source.MissingValues == MissingValues.Mask)
            used = Flagged(used, training, reader, block.Tallies);
        TableCut? cut = used is not null && problems.IsEmpty ? Cut(order) : null;
        if (used is null || cut is null)
            throw new SpecException(problems.ToList());

        ColumnHistogram[] histograms = [.. used.Read.Select(column => new ColumnHistogram(surveys[column].Min, surveys[column].Max))];
        transforms.Apply(raw, block, order, block.Tallies, () => Count(block, used, histograms), problems);
        problems.ThrowIfAny();
        var rows = new TableRows(raw, block, order, cut.TrainingRows);
        ColumnStatistics statistics = HeldOutOf is { } trained ? ColumnStatistics.Of(trained.Columns, used.Names)
            : source.Standardize && source.Scale != TableScale.None
            ? rows.Statistics(used.Read, perSeries: source.Scale == TableScale.Series, used.Static)
            : ColumnStatistics.None(used.Names.Count);
        IReadOnlyList<CategoryColumn> categories = Categories(used, rows, block.Tallies);
        FloatTable table = rows.Standardised(used.Read, categories, statistics, source.Transform.Pairs.Count == 0 ? histograms : []);
        try
        {
            transforms.FillFirst(table, used.Read, order);
            if (source.MissingValues != MissingValues.Mask && used.Read.Any(column => block.Tallies[column].Missing > 0))
                FillGaps(table, used, order);
            if (used.IsMasked)
                CheckTargets(table, used, cut);
            SourceDescription description = new TableDescription(source, reader, columns, used, order, cut) { Categories = categories }
                .Of(surveys, block.Tallies, histograms, statistics.IsIdentity ? null : statistics, rows, table);
            IColumnUnits units = source.Transform.Pairs.Count == 0 ? statistics : new TransformedUnits(statistics,
                [.. used.Names.Select(name => source.Transform.Pairs.Where(pair => pair.Key == name)
                    .Select(pair => (ColumnTransform?)pair.Value).FirstOrDefault())]);
            return Sequences(table, used, categories, cut, units, order.Names, description);
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    /// <summary>The classes of what is trained on.</summary>
    private IReadOnlyList<CategoryColumn> Categories(UsedColumns used, TableRows rows, ColumnTally[] tallies)
    {
        if (HeldOutOf is { } training)
        {
            return [.. used.Categories.Select(one => new CategoryColumn(
                one.Name, one.Read, training.Columns.First(column => column.Name == one.Name && column.Classes.Count > 0).Classes,
                tallies[one.Read].Texts))];
        }

        var counts = rows.CountTexts([.. used.Categories.Select(one => one.Read)], tallies);
        return [.. used.Categories.Select((one, i) => CategoryColumn.Of(one.Name, one.Read, tallies[one.Read].Texts, counts[i]))];
    }

    private static void Count(TableBlock block, UsedColumns used, ColumnHistogram[] histograms)
    {
        for (int column = 0; column < histograms.Length; column++)
            histograms[column].Add(block.Column(used.Read[column])[..block.Rows]);
    }

    /// <summary>Refuses texts that are no UTF-8: series of different names would become one.</summary>
    private void CheckTexts(TableReader reader, IReadOnlyList<ChosenColumn> chosen, TableBlock block)
    {
        for (int column = 0; column < chosen.Count; column++)
        {
            if (block.Tallies[column].FirstUndecodable is not { } code)
                continue;
            int row = block.Column(column)[..block.Rows].IndexOf(code);
            problems.Add(
                DataKeys.Encoding,
                $"{Wording.Quote(block.Tallies[column].Texts[code])} in column {Wording.Quote(chosen[column].Name)} at "
                + $"{reader.Describe(block.Places[row])}, which is no UTF-8", "text in UTF-8",
                "write data.encoding: windows-1252 (or latin1), whichever the file has");
        }

        problems.ThrowIfAny();
    }

    private TableCut? Cut(RowOrder order)
    {
        (IReadOnlyList<long> rows, int horizon) = (order.Rows, source.Horizon);
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

    private void FillGaps(FloatTable table, UsedColumns used, RowOrder order)
    {
        var fill = new GapFill(table, source.MissingValues);
        var places = new RowPlaces(order.Rows, order.IsNewestFirst);
        for (int series = 0; series < order.Rows.Count; series++)
        {
            if (fill.Fill(places.Starts[series], order.Rows[series]) is not var (column, row))
                continue;
            string of = source.Series is null ? "" : $" of {order.NameOf(series)}";
            problems.AddInFile(source.Path, () => new(
                DataKeys.MissingValues,
                $"no value of {Wording.Quote(used.Names[column])}{of} in its row {row - places.Starts[series] + 1} and before",
                "a first value, which is carried on", "remove the rows before the first value, or leave the column out"));
        }

        problems.ThrowIfAny();
    }

    /// <summary>
    /// The columns with the flags of what is trained on: the model has an input for each of those, and none for a gap in another column.
    /// </summary>
    private UsedColumns Flagged(UsedColumns used, SourceDescription training, TableReader reader, ColumnTally[] tallies)
    {
        HashSet<string> flagged = [.. training.Columns.Where(column => column.Missing > 0).Select(column => column.Name)];
        foreach (int column in used.Flagged.Where(column => !flagged.Contains(used.Names[column])))
        {
            ColumnTally tally = tallies[used.Read[column]];
            problems.Add(
                DataKeys.Source,
                $"{Wording.Count(tally.Missing, "missing cell")} in column {Wording.Quote(used.Names[column])}, first at "
                + reader.Describe(tally.FirstMissing[0].Place),
                "a number in every row, because the column misses none in what is trained on, and the model has no input for gaps in it",
                "fill them, or leave the column out of data.inputs");
        }

        return used with { Flagged = [.. used.Inputs.Where(column => flagged.Contains(used.Names[column]))] };
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

    private DataSource Sequences(
        FloatTable table, UsedColumns used, IReadOnlyList<CategoryColumn> categories, TableCut cut, IColumnUnits units,
        IReadOnlyList<string> series, SourceDescription description)
    {
        var shape = new DataShape(used.InputNames.Count, 0, used.Targets.Count, 0)
        {
            IsMasked = used.IsMasked,
            Categories = [.. categories.Select(column => new CategoryShape(column.Name, column.Classes.Count))],
        };
        TableSet Set(StreamRows rows) => new(shape, rows, table, used, source.Horizon)
        {
            Columns = units,
            SeriesNames = series,
            Naive = rows == cut.Training ? [] : NaiveForecast.Rmse(used, table, rows, units, source.Horizon),
        };
        return new DataSource(shape, Set(cut.Training), cut.Validation is null ? null : Set(cut.Validation), table)
        {
            Test = cut.Test is null ? null : Set(cut.Test),
            Description = description,
        };
    }
}
