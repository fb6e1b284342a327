namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The share of elements whose class is predicted.</summary>
public sealed record Accuracy : ClassMetric
{
    /// <inheritdoc/>
    public override string Name => "accuracy";

    /// <inheritdoc/>
    public override string About => "the share of elements whose class is the one that is predicted";

    /// <inheritdoc/>
    public override double Value(ClassCounts counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        return (double)counts.Hits.Sum() / counts.Count;
    }
}
