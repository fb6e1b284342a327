using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// The first pass over a table, and what it has found: the rows as they were read, their order, the columns that are used. The same
/// whether the table is trained on, held out, or forecast from.
/// </summary>
/// <param name="source">Names the columns.</param>
/// <param name="data">Says what is held out.</param>
/// <param name="problems">Collects the problems.</param>
internal sealed class TableScan(TableSource source, DataSpec data, ProblemList problems) : IDisposable
{
    private RawTable _raw = new();
    private long _rowsBefore;
    private StaticColumns _statics = null!;
    private UnscaledCells? _unscaled;
    private TableColumns _columns = null!;
    private IReadOnlyList<ChosenColumn> _chosen = [];
    private TableBlock _block = null!;
    private TableTransforms _transforms = null!;

    /// <summary>Where the table is not trained on, what was: its columns are read alike. Null otherwise.</summary>
    public SourceDescription? Trained { get; init; }

    /// <summary>Whether a trained model forecasts from the table: what is to be forecast need not be there. Default false.</summary>
    public bool IsForecast { get; init; }

    /// <summary>Has read the rows, the last ones where it was continued.</summary>
    public TableReader Reader { get; private set; } = null!;

    /// <summary>The order of the rows, and their series.</summary>
    public RowOrder Order { get; private set; } = null!;

    /// <summary>What each column read holds.</summary>
    public IReadOnlyList<ColumnSurvey> Surveys { get; private set; } = [];

    /// <summary>What was met in each column read that is no number.</summary>
    public ColumnTally[] Tallies => _block.Tallies;

    /// <summary>The columns that are used.</summary>
    public UsedColumns Used { get; private set; } = null!;

    /// <summary>Reads the table from its first row to its last.</summary>
    /// <exception cref="SpecException">It cannot be used; carries every mistake found.</exception>
    /// <exception cref="TableFormatException">It is no table of its format.</exception>
    public void Read(TableReader reader)
    {
        Reader = reader;
        _columns = new(source, reader.Columns, problems);
        _chosen = _columns.TryChoose() ?? throw new SpecException(problems.ToList());
        reader.Choose(_chosen);
        _block = new(_chosen);
        var borders = Borders(data);
        problems.ThrowIfAny();
        Order = new(source, _chosen, _columns, borders);
        _transforms = new(source, _chosen);
        _statics = new(source, _chosen);
        _unscaled = Trained is null ? null : new(source, Trained, _chosen);
        Surveys = [.. _chosen.Select(_ => new ColumnSurvey())];
        ReadRows();
    }

    /// <summary>Reads rows that were appended; those before them are left out of the passes that follow.</summary>
    /// <exception cref="SpecException">They cannot be used; carries every mistake found.</exception>
    /// <exception cref="TableFormatException">They are no rows of the format.</exception>
    public void Continue(TableReader reader)
    {
        Reader = reader;
        reader.Choose(_chosen);
        DropRows();
        ReadRows();
        problems.ThrowIfAny();
    }

    /// <summary>Lets go of the rows as they were read.</summary>
    public void DropRows()
    {
        _rowsBefore += _raw.Rows;
        _raw.Dispose();
        _raw = new();
    }

    private void ReadRows()
    {
        while (Reader.Fill(_block))
        {
            Order.Add(_block);
            CheckTexts();
            _transforms.Look(_block);
            _statics.Look(_block, Order);
            _unscaled?.Look(_block, Order);
            for (int column = 0; column < Surveys.Count; column++)
                Surveys[column].Add(_block.Column(column)[.._block.Rows]);
            _raw.Add(_block);
        }

        Reader.AddProblems(problems);
        Order.Check(Reader, problems);
        _transforms.Check(Reader, problems);
        _statics.Check(Reader, Order, problems);
        _unscaled?.Check(Reader, problems);
        UsedColumns? used = _columns.TryUse(Reader, _chosen, Tallies, _rowsBefore + _raw.Rows, IsForecast);
        if (used is not null && Trained is { } training && source.MissingValues == MissingValues.Mask)
            used = Flagged(used, training);
        Used = used ?? throw new SpecException(problems.ToList());
    }

    /// <summary>Transforms the columns that the spec names.</summary>
    /// <param name="histograms">Take the values of each column used as they were before; none for no column.</param>
    /// <exception cref="SpecException">A result has no place in float32.</exception>
    public void Transform(IReadOnlyList<ColumnHistogram> histograms)
    {
        _transforms.Apply(_raw, _block, Order, Tallies, () => Count(histograms), problems);
        problems.ThrowIfAny();
    }

    /// <summary>The last rows of each series as they were read, oldest first; cells are filled where they are.</summary>
    /// <param name="count">How many of each.</param>
    /// <returns>Of each series, cells of each column read; before the columns are transformed.</returns>
    public IReadOnlyList<IReadOnlyList<string?[]>> LastRows(int count)
    {
        var last = Order.Rows.Select(_ => new Queue<double[]>()).ToArray();
        var filled = Order.Rows.Select(_ => Enumerable.Repeat(double.NaN, _chosen.Count).ToArray()).ToArray();
        bool isForward = source.MissingValues == MissingValues.Forward;
        for (int i = 0; count > 0 && i < _raw.Blocks; i++)
        {
            _raw.Read(Order.IsNewestFirst ? _raw.Blocks - 1 - i : i, _block);
            for (int at = 0; at < _block.Rows; at++)
            {
                int row = Order.IsNewestFirst ? _block.Rows - 1 - at : at, series = Order.SeriesOf(_block, row);
                double[] cells = last[series].Count == count ? last[series].Dequeue() : new double[_chosen.Count];
                for (int column = 0; column < cells.Length; column++)
                {
                    double cell = _block.Column(column)[row];
                    bool isFilled = isForward && double.IsNaN(cell) && _chosen[column].Type == CellType.Number;
                    cells[column] = filled[series][column] = isFilled ? filled[series][column] : cell;
                }

                last[series].Enqueue(cells);
            }
        }

        return
        [
            .. last.Select(rows => rows.Select(row => row.Select(
                (cell, column) => CarriedRows.TextOf(_chosen[column], cell, Tallies[column])).ToArray()).ToArray()),
        ];
    }

    /// <summary>The series of each row, in the order of the file.</summary>
    public IReadOnlyList<int> SeriesOfRows()
    {
        var all = new List<int>();
        EachBlock(block => all.AddRange(Enumerable.Range(0, block.Rows).Select(row => Order.SeriesOf(block, row))));
        return all;
    }

    /// <summary>Passes the rows on, block by block, as they are now.</summary>
    public void EachBlock(Action<TableBlock> take)
    {
        for (int i = 0; i < _raw.Blocks; i++)
        {
            _raw.Read(i, _block);
            take(_block);
        }
    }

    /// <summary>The names of the columns of <see cref="LastRows"/>.</summary>
    public IReadOnlyList<string> ReadColumns => [.. _chosen.Select(CarriedRows.NameOf)];

    /// <summary>The second pass.</summary>
    /// <param name="trainingRows">How many rows of each series are trained on.</param>
    public TableRows Rows(IReadOnlyList<long> trainingRows) => new(_raw, _block, Order, trainingRows);

    /// <summary>The times at which parts begin that are held out.</summary>
    /// <param name="held">Says what is held out.</param>
    public IReadOnlyList<TimeBorder> Borders(DataSpec held) =>
        TimeBorder.Read(held, _columns.Times is [var time, ..] ? _chosen[time] : null, problems);

    /// <summary>Fills what the first rows of series lack, and gaps where the spec says how.</summary>
    /// <param name="table">The rows as they are used.</param>
    /// <param name="borders">Where the parts of each series begin, each of which is filled by itself; null where all rows are one.</param>
    /// <exception cref="SpecException">A gap has nothing before it.</exception>
    public void Fill(FloatTable table, IReadOnlyList<PartBorders>? borders)
    {
        _transforms.FillFirst(table, Used.Read, Order);
        if (source.MissingValues != MissingValues.Mask && Used.Read.Any(column => Tallies[column].Missing > 0))
            FillGaps(table, borders);
    }

    /// <inheritdoc cref="TableTransforms.LacksFirst"/>
    public bool LacksFirst(int column, int series) => _transforms.LacksFirst(column, series);

    /// <summary>Describes what was read.</summary>
    public TableDescription Describe(TableCut cut, IReadOnlyList<CategoryColumn> categories) =>
        new(source, Reader, _columns, Used, Order, cut) { Categories = categories };

    /// <summary>The classes of what is trained on.</summary>
    public IReadOnlyList<CategoryColumn> Categories(TableRows rows)
    {
        if (Trained is { } training)
        {
            return [.. Used.Categories.Select(one => new CategoryColumn(
                one.Name, one.Read, training.Columns.First(column => column.Name == one.Name && column.Classes.Count > 0).Classes,
                Tallies[one.Read].Texts))];
        }

        var counts = rows.CountTexts([.. Used.Categories.Select(one => one.Read)], Tallies);
        return [.. Used.Categories.Select((one, i) => CategoryColumn.Of(one.Name, one.Read, Tallies[one.Read].Texts, counts[i]))];
    }

    /// <inheritdoc/>
    public void Dispose() => _raw.Dispose();

    private void Count(IReadOnlyList<ColumnHistogram> histograms)
    {
        for (int column = 0; column < histograms.Count; column++)
            histograms[column].Add(_block.Column(Used.Read[column])[.._block.Rows]);
    }

    /// <summary>Refuses texts that are no UTF-8: series of different names would become one.</summary>
    private void CheckTexts()
    {
        for (int column = 0; column < _chosen.Count; column++)
        {
            if (_block.Tallies[column].FirstUndecodable is not { } code)
                continue;
            int row = _block.Column(column)[.._block.Rows].IndexOf(code);
            problems.Add(
                DataKeys.Encoding,
                $"{Wording.Quote(_block.Tallies[column].Texts[code])} in column {Wording.Quote(_chosen[column].Name)} at "
                + $"{Reader.Describe(_block.Places[row])}, which is no UTF-8", "text in UTF-8",
                "write data.encoding: windows-1252 (or latin1), whichever the file has");
        }

        problems.ThrowIfAny();
    }

    private void FillGaps(FloatTable table, IReadOnlyList<PartBorders>? borders)
    {
        var fill = new GapFill(table, source.MissingValues);
        var places = new RowPlaces(Order.Rows, Order.IsNewestFirst);
        for (int series = 0; series < Order.Rows.Count; series++)
        {
            PartBorders at = borders?[series] ?? new(Order.Rows[series], Order.Rows[series], Order.Rows[series]);
            if (fill.Fill(places.Starts[series], at) is not var (column, row))
                continue;
            string of = source.Series is null ? "" : $" of {Order.NameOf(series)}";
            problems.AddInFile(source.Path, () => new(
                DataKeys.MissingValues,
                $"no value of {Wording.Quote(Used.Names[column])}{of} in its row {row - places.Starts[series] + 1} and before",
                "a first value, which is carried on", "remove the rows before the first value, or leave the column out"));
        }

        problems.ThrowIfAny();
    }

    /// <summary>
    /// The columns with the flags of what is trained on: the model has an input for each of those, and none for a gap in another column.
    /// </summary>
    private UsedColumns Flagged(UsedColumns used, SourceDescription training)
    {
        HashSet<string> flagged = [.. training.Columns.Where(column => column.Missing > 0).Select(column => column.Name)];
        foreach (int column in used.Flagged.Where(column => !flagged.Contains(used.Names[column])))
        {
            ColumnTally tally = Tallies[used.Read[column]];
            problems.Add(
                DataKeys.Source,
                $"{Wording.Count(tally.Missing, "missing cell")} in column {Wording.Quote(used.Names[column])}, first at "
                + Reader.Describe(tally.FirstMissing[0].Place),
                "a number in every row, because the column misses none in what is trained on, and the model has no input for gaps in it",
                "fill them, or leave the column out of data.inputs");
        }

        return used with { Flagged = [.. used.Inputs.Where(column => flagged.Contains(used.Names[column]))] };
    }
}
