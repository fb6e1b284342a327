using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>Finds in a table that grew what another run, the parent, trained on.</summary>
internal static class GrownTable
{
    /// <summary>How far the parent trained on each series; empty where all rows are one stream.</summary>
    /// <param name="source">Names the columns.</param>
    /// <param name="growth">What the parent read.</param>
    /// <param name="scan">The table.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="problems">Collects what keeps the new rows from lying behind the parent's.</param>
    public static IReadOnlyList<TrainedSeries> Trained(
        TableSource source, Growth growth, TableScan scan, TableRows rows, ProblemList problems)
    {
        if (scan.Order.IsNewestFirst)
        {
            problems.Add(
                DataKeys.Time, $"the newest row first in {source.Path}", "the oldest row first, so that new rows stand behind all others",
                "turn the rows round, and train a run on them to be extended");
            return [];
        }

        if (source.Series is null)
            return [];
        if (growth.Followed is { } followed)
            return [.. followed.Select(one => new TrainedSeries(one.Name, (int)one.Steps))];

        // Every row of the parent has a cell in each column, with a value or without one.
        ColumnDescription any = growth.Read.Columns.First(column => column is { Series: null, Count: not null });
        long count = any.Count!.Value + any.Missing;
        IReadOnlyList<long> all = rows.RowsAmong(count);
        var before = scan.Borders(growth.Data).ToDictionary(border => border.Part, border => rows.RowsAmong(count, border.Time));
        TableCut? cut = TableCut.TryCut(all, growth.Data, source.Horizon, problems, (part, series) => before[part][series]);
        return cut is null ? [] :
        [
            .. cut.Training.Lengths.Select((steps, sequence) =>
                new TrainedSeries(scan.Order.Names[cut.Training.SeriesOf(sequence)], steps)),
        ];
    }
}
