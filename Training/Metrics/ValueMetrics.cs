namespace Orleans.Tbptt.Training.Metrics;

/// <summary>Every figure that an evaluation of values gives.</summary>
public static class ValueMetrics
{
    /// <summary>The list. The first one ranks series.</summary>
    public static IReadOnlyList<ValueMetric> All { get; } = [new RootMeanSquaredError(), new MeanAbsoluteError()];

    /// <summary>Numbers in float64 that are kept of a target: how many elements, then the sums of each metric.</summary>
    internal static int Numbers { get; } = 1 + All.Sum(metric => metric.Sums);
}
