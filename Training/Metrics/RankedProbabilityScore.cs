using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>
/// The mean of the continuous ranked probability score (Matheson and Winkler, 1976), in the target's units: of a certain forecast it is
/// the mean absolute error.
/// </summary>
/// <param name="Loss">Says which distribution is predicted, and its score.</param>
public sealed record RankedProbabilityScore(LossSpec Loss) : MeanMetric
{
    /// <inheritdoc/>
    public override string Name => "CRPS";

    /// <inheritdoc/>
    public override string About => "the mean of ∫ (F(x) − 1{x ≥ target})² dx for the predicted distribution function F";

    /// <inheritdoc/>
    protected override double Of(ForecastElements elements, int element) =>
        Loss.RankedProbabilityScore(elements.Of(element), elements.Targets[element]);
}
