using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// The negative logarithm of the density of Student's t distribution at the target y,
/// ln Γ(ν/2) − ln Γ((ν + 1)/2) + ½ ln νπ + ln σ + (ν + 1)/2 · ln(1 + z²/ν) with z = (y − μ) / σ: the location μ is the
/// first output, the scale σ the softplus of the second and <see cref="ScaleLoss.LeastDeviation"/>, the degrees of freedom ν 2 and the
/// softplus of the third, so that there is a variance. Outliers count less than with a normal distribution.
/// </summary>
public sealed record StudentT : ScaleLoss
{
    // ½ ln π
    private const double HalfLogPi = 0.57236494292470008707;

    private const double LeastFreedom = 2;

    /// <inheritdoc/>
    public override string Word => "student_t";

    /// <inheritdoc/>
    public override string About =>
        "negative log-likelihood of Student's t distribution, whose location, scale and degrees of freedom, above 2, are predicted";

    /// <inheritdoc/>
    public override int OutputsPerTarget => 3;

    /// <inheritdoc/>
    public override IReadOnlyList<PredictedValue> Predictions =>
    [
        new("", PredictedUnits.Value), new("_scale", PredictedUnits.Spread, OutputLink.Softplus, LeastDeviation),
        new("_df", PredictedUnits.None, OutputLink.Softplus, LeastFreedom),
    ];

    /// <inheritdoc/>
    public override (double Low, double High) Interval(ReadOnlySpan<double> predictions)
    {
        double half = predictions[1] * PortableDistributions.StudentQuantile(0.9, predictions[2]);
        return (predictions[0] - half, predictions[0] + half);
    }

    /// <inheritdoc/>
    /// <remarks>By the distribution function: its inverse, which the ends of the interval are, takes eighty times as long.</remarks>
    public override bool Covers(ReadOnlySpan<double> predictions, double target) =>
        PortableDistributions.Student(Math.Abs(target - predictions[0]) / predictions[1], predictions[2]) <= 0.9;

    /// <inheritdoc cref="PortableScores.Student"/>
    public override double RankedProbabilityScore(ReadOnlySpan<double> predictions, double target) =>
        predictions[1] * PortableScores.Student((target - predictions[0]) / predictions[1], predictions[2]);

    /// <inheritdoc/>
    public override double ValueAt(ReadOnlySpan<float> predictions, double level)
    {
        double upper = PortableDistributions.StudentQuantile(Math.Max(level, 1 - level), predictions[2]);
        return predictions[0] + (predictions[1] * (level < 0.5 ? -upper : upper));
    }

    private protected override double Target(Span<float> outputs, float target)
    {
        double scale = PortableActivation.Softplus(outputs[1]) + LeastDeviation;
        double freedom = PortableActivation.Softplus(outputs[2]) + LeastFreedom, half = (freedom + 1) / 2;
        double z = (target - outputs[0]) / scale, square = z * z, sum = freedom + square;
        double log = PortableLogarithm.OfOnePlus(square / freedom);
        outputs[0] = (float)(-2 * half * z / (scale * sum));
        outputs[1] = (float)(freedom * (1 - square) / (scale * sum) * PortableActivation.Sigmoid(outputs[1]));
        double byFreedom = (PortableGamma.Digamma(freedom / 2) - PortableGamma.Digamma(half) + (1 / freedom) + log
            - (2 * half * square / (freedom * sum))) / 2;
        outputs[2] = (float)(byFreedom * PortableActivation.Sigmoid(outputs[2]));
        return PortableGamma.Logarithm(freedom / 2) - PortableGamma.Logarithm(half) + HalfLogPi + (PortableLogarithm.Of(freedom) / 2)
            + PortableLogarithm.Of(scale) + (half * log);
    }
}
