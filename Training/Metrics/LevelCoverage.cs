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
        ShareOf(elements.Of(element), elements.Targets[element] <= elements.Of(element)[Quantile]);

    /// <summary>1 or 0; NaN where a prediction is no number, of which no target is said to lie anywhere.</summary>
    internal static double ShareOf(ReadOnlySpan<double> predictions, bool isCovered)
    {
        foreach (double prediction in predictions)
        {
            if (double.IsNaN(prediction))
                return double.NaN;
        }

        return isCovered ? 1 : 0;
    }
}
