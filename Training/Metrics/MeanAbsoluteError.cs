namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The mean absolute error, in the target's units.</summary>
public sealed record MeanAbsoluteError : MeanMetric
{
    /// <inheritdoc/>
    public override string Name => "MAE";

    /// <inheritdoc/>
    public override string About => "the mean of |output − target|";

    /// <inheritdoc/>
    protected override double Of(ForecastElements elements, int element) => Math.Abs(elements.Outputs[element] - elements.Targets[element]);
}
