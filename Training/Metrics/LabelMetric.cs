namespace Orleans.Tbptt.Training.Metrics;

/// <summary>
/// A figure of how well predicted label sequences meet those of the targets: one declaration, which stands in
/// <see cref="LabelMetrics"/>. The labels that are predicted are those of the likeliest class of each time step, of equal ones that
/// follow each other the first, without blanks.
/// </summary>
public abstract record LabelMetric
{
    /// <summary>Its name, as events and pages show it, such as <c>label error rate</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it is, for the documentation.</summary>
    public abstract string About { get; }

    /// <summary>The figure.</summary>
    /// <param name="counts">What was counted; at least one sequence.</param>
    public abstract double Value(LabelCounts counts);
}
