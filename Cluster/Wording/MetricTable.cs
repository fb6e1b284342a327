using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Cluster.Wording;

/// <summary>Errors in the data's units as a table: a row for each series and target, a column for each figure.</summary>
public sealed class MetricTable
{
    /// <summary>Makes the table, in the order in which the figures come.</summary>
    /// <param name="metrics">The figures.</param>
    public MetricTable(IEnumerable<Metric> metrics)
    {
        var all = metrics.ToList();
        Names = [.. all.Select(metric => metric.Name).Distinct()];
        Rows =
        [
            .. all.GroupBy(metric => (metric.Series, metric.Unit)).Select(row => new MetricRow(
                row.Key.Series is null ? null : Text.OneLine(row.Key.Series), Text.OneLine(row.Key.Unit), row.Max(metric => metric.Count),
                [.. Names.Select(name => Figure(row, name))])),
        ];
    }

    /// <summary>The names of the figures.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The rows.</summary>
    public IReadOnlyList<MetricRow> Rows { get; }

    private static string Figure(IEnumerable<Metric> row, string name) =>
        row.FirstOrDefault(metric => metric.Name == name) is { } metric ? Text.Figure(metric.Value) : "–";
}

/// <summary>The figures of one target.</summary>
/// <param name="Series">The one series that they are over; null for all.</param>
/// <param name="Target">The target's name; empty for the only one of data without names.</param>
/// <param name="Count">The target elements that they are over.</param>
/// <param name="Figures">The figures as text, one for each name; a dash for one that there is not.</param>
public sealed record MetricRow(string? Series, string Target, long Count, IReadOnlyList<string> Figures);
