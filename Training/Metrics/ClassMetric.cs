namespace Orleans.Tbptt.Training.Metrics;

/// <summary>
/// A figure of how well predicted classes meet targets that are classes, over the elements of held-out sequences: one declaration, which
/// stands in <see cref="ClassMetrics"/>. The class that is predicted is the one with the largest output, the first of equal ones.
/// </summary>
public abstract record ClassMetric
{
    /// <summary>Its name, as events and pages show it, such as <c>accuracy</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it is, for the documentation.</summary>
    public abstract string About { get; }

    /// <summary>The figure.</summary>
    /// <param name="counts">What was counted; at least one element.</param>
    public abstract double Value(ClassCounts counts);
}
