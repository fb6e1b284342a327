using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;
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
        var moments = new List<Moments[]>();
        while (reader.Fill(block))
        {
            moments.Add([.. Enumerable.Range(0, block.Width).Select(column => Moments.Of(block.Column(column)[..block.Rows]))]);
            raw.Add(block);
        }

        reader.AddProblems(problems);
        UsedColumns? used = columns.TryUse(reader, chosen, block.Tallies, raw.Rows);
        if (used is null || !problems.IsEmpty)
            throw new SpecException(problems.ToList());
        StreamCut cut = StreamCut.TryCut(
            raw.Rows, "row", source.Path, data.BatchSize, source.Horizon, data.ValidationFraction, problems)
            ?? throw new SpecException(problems.ToList());

        // Statistics over the held-out rows would leak information about them into training.
        ColumnStatistics statistics = source.Standardize
            ? ColumnStatistics.Of(Combined(moments, raw, block, cut.TrainingPositions, used.Read))
            : ColumnStatistics.None(used.Names.Count);
        FloatTable table = Standardised(raw, block, used.Read, statistics);
        var shape = new DataShape(used.Inputs.Count, 0, used.Targets.Count, 0);
        TableSet Set(StreamRows rows) => new(shape, rows, table, used, source.Horizon);
        return new DataSource(
            shape, Set(cut.Training), cut.Validation is null ? null : Set(cut.Validation),
            TableForecastScale.TryMake(used, table, statistics, cut.Validation, source.Horizon), table);
    }

    /// <summary>The moments of the first rows, from those of the blocks they fill and of the part of a block that is left.</summary>
    private static Moments[] Combined(List<Moments[]> blocks, RawTable raw, TableBlock block, long rows, IReadOnlyList<int> columns)
    {
        var total = new Moments[columns.Count];
        int index = 0;
        for (; index < blocks.Count && raw.RowsOf(index) is var count && count <= rows; rows -= count, index++)
            Add(column => blocks[index][column]);
        if (rows > 0)
        {
            raw.Read(index, block);
            Add(column => Moments.Of(block.Column(column)[..(int)rows]));
        }

        return total;

        void Add(Func<int, Moments> of)
        {
            for (int i = 0; i < total.Length; i++)
                total[i] = total[i].And(of(columns[i]));
        }
    }

    private static FloatTable Standardised(RawTable raw, TableBlock block, IReadOnlyList<int> columns, ColumnStatistics statistics)
    {
        int width = columns.Count;
        var table = new FloatTable(width, raw.Rows);
        try
        {
            var rows = new float[block.Capacity * width];
            long first = 0;
            for (int i = 0; i < raw.Blocks; i++)
            {
                raw.Read(i, block);
                for (int column = 0; column < width; column++)
                {
                    ReadOnlySpan<double> cells = block.Column(columns[column])[..block.Rows];
                    for (int row = 0, at = column; row < cells.Length; row++, at += width)
                        rows[at] = statistics.Scale(column, cells[row]);
                }

                table.Write(first, rows.AsSpan(0, block.Rows * width));
                first += block.Rows;
            }

            return table;
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }
}
