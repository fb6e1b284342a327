namespace Orleans.Tbptt.Numerics;

/// <summary>
/// The logarithm of the gamma function and its derivative in float64, with the same bits on every processor. Both from Stirling's series
/// (Abramowitz and Stegun, 6.1.41 and 6.3.18) at 12 or more, where nine terms leave less than 1e-16, and from the recurrence
/// Γ(x + 1) = x Γ(x) below.
/// </summary>
public static class PortableGamma
{
    private const double Least = 12;

    // ½ ln 2π
    private const double HalfLogTau = 0.91893853320467274178;

    // The Bernoulli numbers B2, B4, … B18.
    private static readonly double[] Bernoulli =
        [1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510, 43867.0 / 798];

    /// <summary>ln Γ(x) for x &gt; 0, within 1e-14 relative or absolute, whichever is larger; NaN for others.</summary>
    public static double Logarithm(double x)
    {
        if (!(x > 0))
            return double.NaN;

        // Γ(x) = Γ(x + n) / (x (x + 1) … (x + n − 1))
        double product = 1;
        for (; x < Least; x++)
            product *= x;
        double square = x * x, sum = 0, power = x;
        for (int k = 0; k < Bernoulli.Length; k++, power *= square)
            sum += Bernoulli[k] / ((2 * k + 2) * (2 * k + 1) * power);
        return ((x - 0.5) * PortableLogarithm.Of(x)) - x + HalfLogTau + sum - PortableLogarithm.Of(product);
    }

    /// <summary>ψ(x) = d ln Γ(x) / dx for x &gt; 0, within 1e-14 relative or absolute, whichever is larger; NaN for others.</summary>
    public static double Digamma(double x)
    {
        if (!(x > 0))
            return double.NaN;
        double shift = 0;
        for (; x < Least; x++)
            shift += 1 / x;
        double square = x * x, sum = 0, power = square;
        for (int k = 0; k < Bernoulli.Length; k++, power *= square)
            sum += Bernoulli[k] / ((2 * k + 2) * power);
        return PortableLogarithm.Of(x) - (0.5 / x) - sum - shift;
    }
}
