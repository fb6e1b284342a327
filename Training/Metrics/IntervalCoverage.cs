using System.Globalization;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The share of targets that lie in the interval of their forecast, next to the share that should.</summary>
/// <param name="Loss">Says what the interval is; it has one.</param>
public sealed record IntervalCoverage(LossSpec Loss) : MeanMetric
{
    /// <inheritdoc/>
    public override string Name => string.Create(CultureInfo.InvariantCulture, $"coverage {Loss.Coverage}");

    /// <inheritdoc/>
    public override string About => "the share of targets in the interval of their forecast; the name has the share that should be";

    /// <inheritdoc/>
    protected override double Of(ForecastElements elements, int element) =>
        LevelCoverage.ShareOf(elements.Of(element), Loss.Covers(elements.Of(element), elements.Targets[element]));
}
