namespace Orleans.Tbptt.Numerics;

/// <summary>
/// The natural logarithm in float64 from additions, multiplications and divisions alone, each rounded once, so that it has the same bits on
/// every processor; <see cref="Math.Log(double)"/> is the C library's, which takes other ways on other processors. Within 2 units in the
/// last place.
/// </summary>
public static class PortableLogarithm
{
    // ln 2 in two parts: the first has so few bits that its product with an exponent is exact.
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>ln x; minus infinity of 0, NaN of a negative number and of NaN.</summary>
    public static double Of(double x)
    {
        if (!(x > 0) || !double.IsFinite(x))
            return x == 0 ? double.NegativeInfinity : x > 0 ? x : double.NaN;

        // x = m · 2^e with m from √½ to √2, and ln m = 2 artanh s, s = (m - 1) / (m + 1), by its series to s^25.
        int exponent = Math.ILogB(x);
        double m = Math.ScaleB(x, -exponent);
        if (m > 1.4142135623730951)
            (m, exponent) = (m / 2, exponent + 1);
        double s = (m - 1) / (m + 1), z = s * s, sum = 0;
        for (int k = 25; k >= 3; k -= 2)
            sum = z * ((1.0 / k) + sum);
        return (exponent * Ln2High) + ((2 * s) + ((2 * s * sum) + (exponent * Ln2Low)));
    }

    /// <summary>ln(1 + x), also where x is so small that 1 + x has lost its digits (Kahan).</summary>
    public static double OfOnePlus(double x)
    {
        double u = 1 + x;
        return u == 1 ? x : Of(u) * (x / (u - 1));
    }
}
