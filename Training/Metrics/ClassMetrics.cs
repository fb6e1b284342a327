namespace Orleans.Tbptt.Training.Metrics;

/// <summary>Every figure that an evaluation of classes gives.</summary>
public static class ClassMetrics
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<ClassMetric> All { get; } = [new Accuracy(), new MacroF1()];
}
