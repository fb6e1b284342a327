namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The root of the mean squared error, in the target's units.</summary>
public sealed record RootMeanSquaredError : ValueMetric
{
    /// <inheritdoc/>
    public override string Name => "RMSE";

    /// <inheritdoc/>
    public override string About => "the root of the mean of (output − target)²";

    /// <inheritdoc/>
    public override void Add(ReadOnlySpan<double> outputs, ReadOnlySpan<double> targets, Span<double> sums)
    {
        double sum = sums[0];
        for (int i = 0; i < targets.Length; i++)
            sum += (outputs[i] - targets[i]) * (outputs[i] - targets[i]);
        sums[0] = sum;
    }

    /// <inheritdoc/>
    public override double Value(ReadOnlySpan<double> sums, double count) => Math.Sqrt(sums[0] / count);
}
