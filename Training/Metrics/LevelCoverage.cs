using System.Globalization;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The share of targets up to a predicted quantile, next to the share that should be.</summary>
/// <param name="Loss">Says which quantiles are predicted.</param>
/// <param name="Quantile">Which of them.</param>
public sealed record LevelCoverage(LossSpec Loss, int Quantile) : MeanMetric
{
    /// <summary>Of so many quantiles at most each has a figure of its own; of more there would be too many to be read.</summary>
    public const int MostLevels = 9;

    /// <inheritdoc/>
    public override string Name => string.Create(CultureInfo.InvariantCulture, $"coverage q{Loss.Levels[Quantile]}");

    /// <inheritdoc/>
    public override string About => "the share of targets up to a predicted quantile; the name has the share that should be";

    /// <inheritdoc/>
    protected override double Of(ForecastElements elements, int element) =>
        elements.Targets[element] <= elements.Of(element)[Quantile] ? 1 : 0;
}
