using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The mean of the pinball loss (Koenker and Bassett, 1978) over elements and quantiles, in the target's units.</summary>
/// <param name="Loss">Says which quantiles are predicted.</param>
public sealed record PinballLoss(LossSpec Loss) : MeanMetric
{
    private readonly double[] _levels = [.. Loss.Levels];

    /// <inheritdoc/>
    public override string Name => "pinball loss";

    /// <inheritdoc/>
    public override string About => "the mean over quantiles q of level τ of max(τ (target − q), (τ − 1) (target − q))";

    /// <inheritdoc/>
    protected override double Of(ForecastElements elements, int element)
    {
        var quantiles = elements.Of(element);
        double sum = 0;
        for (int i = 0; i < _levels.Length; i++)
            sum += PortableScores.Pinball(_levels[i], quantiles[i], elements.Targets[element]);
        return sum / _levels.Length;
    }
}
