namespace Orleans.Tbptt.Training.Metrics;

/// <summary>Every figure that an evaluation of label sequences gives.</summary>
public static class LabelMetrics
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<LabelMetric> All { get; } = [new LabelErrorRate(), new SequenceErrorRate()];
}
