using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>Describes what was read of a table.</summary>
internal static class TableDescription
{
    /// <summary>The description.</summary>
    /// <param name="source">Names columns.</param>
    /// <param name="reader">Has read the table.</param>
    /// <param name="columns">Knows the columns left out.</param>
    /// <param name="used">The columns used.</param>
    /// <param name="tallies">What was met in each column read.</param>
    /// <param name="statistics">Standardises; null where columns are left as they are.</param>
    /// <param name="order">The series of the rows, and their order of time.</param>
    /// <param name="cut">The parts.</param>
    public static SourceDescription Of(
        TableSource source, TableReader reader, TableColumns columns, UsedColumns used, IReadOnlyList<ColumnTally> tallies,
        ColumnStatistics? statistics, RowOrder order, TableCut cut)
    {
        // Columns of time and of series are read for what they say of rows.
        LeftOutColumn[] leftOut = [.. columns.LeftOut.Where(column => column.Name != source.Time && column.Name != source.Series)];
        string?[] known = [.. used.Names, .. leftOut.Select(column => column.Name), source.Time, source.Series];
        return new()
        {
            Inputs = used.InputNames,
            Targets = [.. used.Targets.Select(column => used.Names[column])],
            LeftOut =
            [
                .. leftOut,
                .. reader.Columns.Select(column => column.Name).Where(name => !known.Contains(name)).Select(name => new LeftOutColumn(
                    name, name.Length == 0 ? "it has no name" : "it is named neither in data.inputs nor in data.targets")),
            ],
            Columns = [.. Columns(used, tallies, statistics, order)],
            Training = order.Rows.Count == 1 ? Rows(1, cut.TrainingRows[0]) : null,
            Validation = order.Rows.Count == 1 && cut.Validation is not null ? Rows(cut.TrainingRows[0] + 1, order.Rows[0]) : null,
            Remarks = order.Notes(reader),
        };
    }

    /// <summary>One for each column; where each series is standardised by itself, one for each series and column.</summary>
    private static IEnumerable<ColumnDescription> Columns(
        UsedColumns used, IReadOnlyList<ColumnTally> tallies, ColumnStatistics? statistics, RowOrder order)
    {
        int series = statistics is { IsPerSeries: true } ? statistics.Mean.Length / statistics.Width : 1;
        for (int i = 0; i < series; i++)
        {
            foreach (var (column, name) in used.Names.Index())
            {
                int at = (i * used.Names.Count) + column;
                yield return new()
                {
                    Name = name,
                    Series = series == 1 ? null : order.NameOf(i).Trim('\''),
                    Use = ColumnDescription.UseOf(used.Inputs.Contains(column), used.Targets.Contains(column)),
                    Count = series == 1 ? order.Rows.Sum() - tallies[used.Read[column]].Missing : null,
                    Missing = series == 1 ? tallies[used.Read[column]].Missing : 0,
                    ScaleMean = statistics?.Mean[at],
                    ScaleDeviation = statistics?.Deviation[at],
                };
            }
        }
    }

    private static Border Rows(long first, long last) =>
        new(FormattableString.Invariant($"row {first:N0}"), FormattableString.Invariant($"row {last:N0}"));
}
