using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// The negative logarithm of a negative binomial distribution's probability of a count y, as DeepAR writes it (Salinas and others, 2020):
/// with the mean μ and the shape α, of variance μ + α μ², ln Γ(1/α) + ln Γ(y + 1) − ln Γ(y + 1/α) + (y + 1/α) ln(1 + α μ)
/// − y ln(α μ). Both are softplus of an output and a least number.
/// </summary>
public sealed record NegativeBinomial : TargetLoss
{
    // Above them nothing is lost in a difference of logarithms of gamma functions that matters in float32.
    private const double LeastMean = 1e-6, LeastShape = 1e-3;

    /// <inheritdoc/>
    public override string Word => "negative_binomial";

    /// <inheritdoc/>
    public override string About => "negative log-likelihood of a negative binomial distribution of counts, whose mean and shape are "
        + "predicted, as in DeepAR; counts are trained on as they are: `standardize: false`";

    /// <inheritdoc/>
    public override int OutputsPerTarget => 2;

    /// <inheritdoc/>
    public override IReadOnlyList<PredictedValue> Predictions =>
    [
        new("", PredictedUnits.Value, OutputLink.Softplus, LeastMean), new("_shape", PredictedUnits.None, OutputLink.Softplus, LeastShape),
    ];

    /// <summary>From the quantile 0.1 to the quantile 0.9.</summary>
    public override double? Coverage => 0.8;

    /// <inheritdoc/>
    public override string TargetRule => "a count, a whole number of 0 or more";

    /// <inheritdoc/>
    public override bool Takes(float target) => target >= 0 && MathF.Floor(target) == target;

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings) => TableTargets.CheckUnscaled(spec, findings, "counts");

    /// <inheritdoc/>
    public override (double Low, double High) Interval(ReadOnlySpan<double> predictions) => (
        PortableDistributions.NegativeBinomialQuantile(0.1, predictions[0], predictions[1]),
        PortableDistributions.NegativeBinomialQuantile(0.9, predictions[0], predictions[1]));

    /// <inheritdoc/>
    public override bool IsDistribution => true;

    /// <inheritdoc/>
    /// <remarks>By the distribution function: its inverse, which the ends of the interval are, takes thirty times as long.</remarks>
    public override bool Covers(ReadOnlySpan<double> predictions, double target) =>
        PortableDistributions.NegativeBinomial(target, predictions[0], predictions[1]) >= 0.1
        && PortableDistributions.NegativeBinomial(target - 1, predictions[0], predictions[1]) < 0.9;

    /// <inheritdoc cref="PortableScores.NegativeBinomial"/>
    public override double RankedProbabilityScore(ReadOnlySpan<double> predictions, double target) =>
        PortableScores.NegativeBinomial(target, predictions[0], predictions[1]);

    /// <inheritdoc/>
    public override double ValueAt(ReadOnlySpan<float> predictions, double level) =>
        PortableDistributions.NegativeBinomialQuantile(level, predictions[0], predictions[1]);

    private protected override double Target(Span<float> outputs, float target)
    {
        double mean = PortableActivation.Softplus(outputs[0]) + LeastMean, shape = PortableActivation.Softplus(outputs[1]) + LeastShape;
        double inverse = 1 / shape, product = shape * mean, log = PortableLogarithm.OfOnePlus(product);
        double byMean = (mean - target) / (mean * (1 + product));
        double byShape = ((PortableGamma.Digamma(target + inverse) - PortableGamma.Digamma(inverse) - log) * inverse * inverse)
            + ((mean - target) / (shape * (1 + product)));
        outputs[0] = (float)(byMean * PortableActivation.Sigmoid(outputs[0]));
        outputs[1] = (float)(byShape * PortableActivation.Sigmoid(outputs[1]));
        return PortableGamma.Logarithm(inverse) + PortableGamma.Logarithm(target + 1.0) - PortableGamma.Logarithm(target + inverse)
            + ((target + inverse) * log) - (target == 0 ? 0 : target * PortableLogarithm.Of(product));
    }
}
