namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The share of sequences of which a label is wrong.</summary>
public sealed record SequenceErrorRate : LabelMetric
{
    /// <inheritdoc/>
    public override string Name => "sequence error rate";

    /// <inheritdoc/>
    public override string About => "the share of sequences whose labels are not all as predicted";

    /// <inheritdoc/>
    public override double Value(LabelCounts counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        return (double)counts.Wrong / counts.Sequences;
    }
}
