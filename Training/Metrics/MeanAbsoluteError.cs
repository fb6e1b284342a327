namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The mean absolute error, in the target's units.</summary>
public sealed record MeanAbsoluteError : ValueMetric
{
    /// <inheritdoc/>
    public override string Name => "MAE";

    /// <inheritdoc/>
    public override string About => "the mean of |output − target|";

    /// <inheritdoc/>
    public override void Add(ReadOnlySpan<double> outputs, ReadOnlySpan<double> targets, Span<double> sums)
    {
        double sum = sums[0];
        for (int i = 0; i < targets.Length; i++)
            sum += Math.Abs(outputs[i] - targets[i]);
        sums[0] = sum;
    }

    /// <inheritdoc/>
    public override double Value(ReadOnlySpan<double> sums, double count) => sums[0] / count;
}
