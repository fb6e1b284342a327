using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// The negative logarithm of a normal distribution's density at the target y, ½ ln 2π + ln σ + z²/2 with z = (y − μ) / σ: the mean
/// μ is the first output, the standard deviation σ the softplus of the second and <see cref="ScaleLoss.LeastDeviation"/>.
/// </summary>
public sealed record Gaussian : ScaleLoss
{
    // ½ ln 2π
    private const double HalfLogTau = 0.91893853320467274178;

    // The quantile 0.9 of the standard normal distribution.
    private const double Decile = 1.2815515655446004;

    /// <inheritdoc/>
    public override string Word => "gaussian";

    /// <inheritdoc/>
    public override string About => "negative log-likelihood of a normal distribution, whose mean and standard deviation are predicted";

    /// <inheritdoc/>
    public override int OutputsPerTarget => 2;

    /// <inheritdoc/>
    public override IReadOnlyList<PredictedValue> Predictions =>
        [new("", PredictedUnits.Value), new("_std", PredictedUnits.Spread, OutputLink.Softplus, LeastDeviation)];

    /// <inheritdoc/>
    public override (double Low, double High) Interval(ReadOnlySpan<double> predictions) =>
        (predictions[0] - (Decile * predictions[1]), predictions[0] + (Decile * predictions[1]));

    /// <inheritdoc cref="PortableScores.Normal"/>
    public override double RankedProbabilityScore(ReadOnlySpan<double> predictions, double target) =>
        predictions[1] * PortableScores.Normal((target - predictions[0]) / predictions[1]);

    /// <inheritdoc/>
    public override double ValueAt(ReadOnlySpan<float> predictions, double level) =>
        predictions[0] + (predictions[1] * PortableDistributions.NormalQuantile(level));

    private protected override double Target(Span<float> outputs, float target)
    {
        double output = outputs[1], deviation = PortableActivation.Softplus(output) + LeastDeviation, z = (target - outputs[0]) / deviation;
        outputs[0] = (float)(-z / deviation);
        outputs[1] = (float)((1 - (z * z)) / deviation * PortableActivation.Sigmoid(output));
        return HalfLogTau + PortableLogarithm.Of(deviation) + (z * z / 2);
    }
}
