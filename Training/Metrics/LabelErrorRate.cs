namespace Orleans.Tbptt.Training.Metrics;

/// <summary>Edits to make the predicted labels those of the targets, over these.</summary>
public sealed record LabelErrorRate : LabelMetric
{
    /// <inheritdoc/>
    public override string Name => "label error rate";

    /// <inheritdoc/>
    public override string About => "edit distances of predicted labels and those of the targets, over the latter";

    /// <inheritdoc/>
    public override double Value(LabelCounts counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        return (double)counts.Edits / Math.Max(1, counts.Labels);
    }
}
