namespace Orleans.Tbptt.Numerics;

/// <summary>
/// The continuous ranked probability score ∫ (F(x) − 1{x ≥ y})² dx of a distribution F that was predicted and a value y that came,
/// in float64, with the same bits on every processor. It is E|X − y| − ½ E|X − X′|, 0 for a certain forecast that is right, and in
/// the units of y (Gneiting and Raftery, 2007).
/// </summary>
public static class PortableScores
{
    // 1/√π
    private const double InverseRootPi = 0.56418958354775628695;

    private const double Pi = 3.14159265358979323846;

    // ln π
    private const double LogPi = 1.14472988584940017414;

    // The step of the trapezoidal rule, 1/8, and e to its power: the rule is off by less than 1e-13 of the integral (PortableScoreTests).
    private const double Step = 0.125, StepExponential = 1.13314845306682631683;

    /// <summary>
    /// The score of the standard normal distribution: z (2 Φ(z) − 1) + 2 φ(z) − 1/√π (Gneiting and Raftery, 2007).
    /// </summary>
    /// <param name="z">What came: (y − mean) / deviation of a normal distribution, whose score is that many deviations.</param>
    public static double Normal(double z) =>
        (z * ((2 * PortableDistributions.Normal(z)) - 1)) + (2 * PortableDistributions.NormalDensity(z)) - InverseRootPi;

    /// <summary>The pinball loss of a quantile (Koenker and Bassett, 1978): max(τ (y − q), (τ − 1) (y − q)).</summary>
    /// <param name="level">The level τ of the quantile.</param>
    /// <param name="quantile">The quantile q that was predicted.</param>
    /// <param name="target">What came, y.</param>
    public static double Pinball(double level, double quantile, double target) =>
        target > quantile ? level * (target - quantile) : (1 - level) * (quantile - target);

    /// <summary>
    /// The score of Student's t distribution: z (2 F(z) − 1) + 2 f(z) (ν + z²) / (ν − 1) − 2 √ν / (ν − 1) · B(½, ν −
    /// ½) / B(½, ν/2)² (Jordan, Krüger and Lerch, "Evaluating probabilistic forecasts with scoringRules", 2019).
    /// </summary>
    /// <param name="z">What came: (y − location) / scale of a distribution, whose score is that many scales.</param>
    /// <param name="freedom">The degrees of freedom ν, more than 1.</param>
    public static double Student(double z, double freedom)
    {
        if (!(freedom > 1) || !double.IsFinite(freedom) || double.IsNaN(z))
            return double.NaN;
        double half = (freedom + 1) / 2, square = z * z;
        double gammas = PortableGamma.Logarithm(half) - PortableGamma.Logarithm(freedom / 2);
        double density = PortableExponential.Of(
            gammas - ((PortableLogarithm.Of(freedom) + LogPi) / 2) - (half * PortableLogarithm.OfOnePlus(square / freedom)));
        double betas = PortableExponential.Of(
            PortableGamma.Logarithm(freedom - 0.5) - PortableGamma.Logarithm(freedom) + (2 * gammas) - (LogPi / 2));
        return (z * ((2 * PortableDistributions.Student(z, freedom)) - 1))
            + (2 * ((density * (freedom + square)) - (Math.Sqrt(freedom) * betas)) / (freedom - 1));
    }

    /// <summary>
    /// The score of a negative binomial distribution. E|X − y| is y (2 F(y) − 1) + μ (1 − 2 F₁(y − 1)), with F₁ of the same
    /// success probability and 1/α + 1 in the place of 1/α. ½ E|X − X′| is μ (1 + αμ) · ₂F₁(1/α + 1, ½; 2; −4 αμ (1 +
    /// αμ)) (Wei and Held, "Calibration tests for count data", 2014), computed as an integral.
    /// </summary>
    /// <param name="count">What came, a whole number of 0 or more.</param>
    /// <param name="mean">The mean μ.</param>
    /// <param name="shape">The shape α, of the variance μ + α μ².</param>
    public static double NegativeBinomial(double count, double mean, double shape)
    {
        if (!(mean > 0 && shape > 0 && count >= 0) || !double.IsFinite(mean) || !double.IsFinite(shape) || !double.IsFinite(count))
            return double.NaN;
        double below = count == 0 ? 0 : PortableDistributions.Beta(1 / (1 + (shape * mean)), (1 / shape) + 1, count);
        double fromCount = (count * ((2 * PortableDistributions.NegativeBinomial(count, mean, shape)) - 1)) + (mean * (1 - (2 * below)));
        return fromCount - (mean * (1 + (shape * mean)) * Hypergeometric((1 / shape) + 1, 1 + (2 * shape * mean)));
    }

    /// <summary>
    /// ₂F₁(a, ½; 2; 1 − c²) by Euler's integral, 4/π ∫ ((1 + s²) / (1 + c² s²))ᵃ / (1 + s²)² ds from 0 to ∞, with s =
    /// sinh w / (c √a): the integrand is even and falls fast, so that the trapezoidal rule loses digits by nothing but its step.
    /// </summary>
    private static double Hypergeometric(double a, double c)
    {
        double scale = 1 / (c * Math.Sqrt(a)), sum = 0;
        for (double power = 1; ; power *= StepExponential)
        {
            double s = scale * (power - (1 / power)) / 2, square = s * s;
            double falls = PortableExponential.Of(
                a * (PortableLogarithm.OfOnePlus(square) - PortableLogarithm.OfOnePlus(c * c * square)));
            double term = scale * (power + (1 / power)) / 2 * falls / ((1 + square) * (1 + square));
            sum += power == 1 ? term / 2 : term;
            if (!(term >= 1e-17 * sum))
                return 4 / Pi * Step * sum;
        }
    }
}
