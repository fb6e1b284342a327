namespace Orleans.Tbptt.Numerics;

/// <summary>
/// Distribution functions and quantiles in float64, with the same bits on every processor. They are
/// held to 1e-11 for up to 2,500 degrees of freedom and counts of up to 400 (<c>PortableFunctionTests</c>). All give
/// NaN for parameters that are no distribution's.
/// </summary>
public static class PortableDistributions
{
    // (2π)^−½
    private const double RootTau = 0.39894228040143267794;

    // Beyond it the distribution function is 1 to the last bit.
    private const double LargestNormal = 9;

    private const int MostTerms = 1 << 16, Halvings = 80;

    /// <summary>The density of the standard normal distribution.</summary>
    public static double NormalDensity(double z) => RootTau * PortableExponential.Of(-z * z / 2);

    /// <summary>
    /// The distribution function Φ of the standard normal distribution, by ½ + φ(z) (z + z³/3 + z⁵/(3·5) + …) (Abramowitz and
    /// Stegun, 26.2.11), whose terms all have one sign.
    /// </summary>
    public static double Normal(double z)
    {
        if (double.IsNaN(z) || Math.Abs(z) > LargestNormal)
            return double.IsNaN(z) ? z : z > 0 ? 1 : 0;
        double sum = 0, term = z;
        for (int n = 1; sum + term != sum; n++, term *= z * z / ((2 * n) - 1))
            sum += term;
        return 0.5 + (NormalDensity(z) * sum);
    }

    /// <summary>The value below which a share of the standard normal distribution lies, by halving.</summary>
    /// <param name="level">The share, in (0, 1).</param>
    public static double NormalQuantile(double level)
    {
        if (!(level > 0 && level < 1))
            return double.NaN;
        double low = -LargestNormal, high = LargestNormal;
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (low + high) / 2;
            if (middle == low || middle == high)
                break;
            if (Normal(middle) < level)
                low = middle;
            else
                high = middle;
        }

        return high;
    }

    /// <summary>The distribution function of Student's t distribution (Abramowitz and Stegun, 26.7.1).</summary>
    /// <param name="t">Where.</param>
    /// <param name="freedom">Degrees of freedom.</param>
    public static double Student(double t, double freedom)
    {
        double tail = Beta(freedom / (freedom + (t * t)), freedom / 2, 0.5) / 2;
        return t > 0 ? 1 - tail : tail;
    }

    /// <summary>The value below which a share of Student's t distribution lies.</summary>
    /// <param name="level">The share, from ½ to less than 1.</param>
    /// <param name="freedom">Degrees of freedom, 1 or more.</param>
    public static double StudentQuantile(double level, double freedom)
    {
        if (!(freedom >= 1) || !double.IsFinite(freedom))
            return double.NaN;
        double low = 0, high = 1;
        while (Student(high, freedom) < level)
            high *= 2;
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (low + high) / 2;
            if (middle == low || middle == high)
                break;
            if (Student(middle, freedom) < level)
                low = middle;
            else
                high = middle;
        }

        return high;
    }

    /// <summary>The share of a negative binomial distribution that counts up to one make up.</summary>
    /// <param name="count">The count, a whole number; below 0 the share is 0.</param>
    /// <param name="mean">The mean μ.</param>
    /// <param name="shape">The shape α, of the variance μ + α μ².</param>
    public static double NegativeBinomial(double count, double mean, double shape) =>
        count < 0 ? 0 : Beta(1 / (1 + (shape * mean)), 1 / shape, count + 1);

    /// <summary>The least count up to which a share of a negative binomial distribution, or more, lies.</summary>
    /// <param name="level">The share, in (0, 1).</param>
    /// <param name="mean">The mean μ.</param>
    /// <param name="shape">The shape α, of the variance μ + α μ².</param>
    public static double NegativeBinomialQuantile(double level, double mean, double shape)
    {
        if (!(mean > 0) || !(shape > 0) || !double.IsFinite(mean) || !double.IsFinite(shape))
            return double.NaN;
        double low = -1, high = 1;
        while (NegativeBinomial(high, mean, shape) < level)
            (low, high) = (high, high * 2);
        while (high - low > 1)
        {
            double middle = Math.Floor((low + high) / 2);
            if (middle == low)
                break;
            if (NegativeBinomial(middle, mean, shape) < level)
                low = middle;
            else
                high = middle;
        }

        return high;
    }

    /// <summary>The regularised incomplete beta function I(x; a, b), by its continued fraction (DLMF 8.17.22).</summary>
    /// <param name="x">From 0 to 1.</param>
    /// <param name="a">Greater than 0.</param>
    /// <param name="b">Greater than 0.</param>
    public static double Beta(double x, double a, double b)
    {
        if (!(x >= 0 && x <= 1 && a > 0 && b > 0) || !double.IsFinite(a) || !double.IsFinite(b))
            return double.NaN;
        if (x is 0 or 1)
            return x;

        // The fraction converges fast up to about the mean; above, the other end is computed.
        return x > (a + 1) / (a + b + 2) ? 1 - FromBelow(1 - x, b, a) : FromBelow(x, a, b);
    }

    private static double FromBelow(double x, double a, double b)
    {
        double front = PortableExponential.Of(
            PortableGamma.Logarithm(a + b) - PortableGamma.Logarithm(a) - PortableGamma.Logarithm(b) + (a * PortableLogarithm.Of(x))
            + (b * PortableLogarithm.OfOnePlus(-x)));
        return front / (a * Fraction(x, a, b));
    }

    /// <summary>1 + d₁/(1 + d₂/(1 + …)), from its beginning on (Lentz, 1976, with Thompson and Barnett's change, 1986).</summary>
    private static double Fraction(double x, double a, double b)
    {
        const double Tiny = 1e-300;
        double value = 1, up = 1, down = 0;
        for (int n = 1; n < MostTerms; n++)
        {
            int m = n / 2;
            double d = n % 2 == 0 ? m * (b - m) * x / ((a + n - 1) * (a + n)) : -(a + m) * (a + b + m) * x / ((a + n - 1) * (a + n));
            down = 1 + (d * down);
            up = 1 + (d / up);
            (down, up) = (1 / (down == 0 ? Tiny : down), up == 0 ? Tiny : up);
            double factor = up * down;
            value *= factor;
            if (Math.Abs(factor - 1) < 1e-16)
                break;
        }

        return value;
    }
}
