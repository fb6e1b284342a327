namespace Orleans.Tbptt.Numerics;

/// <summary>
/// The exponential function in float64 from additions and multiplications alone, each rounded once, so that it has the same bits on every
/// processor, as <see cref="PortableLogarithm"/>. Within 2 units in the last place.
/// </summary>
public static class PortableExponential
{
    // ln 2 in two parts: the first has so few bits that its product with a power of two's exponent is exact.
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    // e^x is 0 below and infinite above.
    private const double Largest = 750;

    /// <summary>e to the power x.</summary>
    public static double Of(double x)
    {
        if (double.IsNaN(x))
            return x;
        x = Math.Clamp(x, -Largest, Largest);

        // x = k ln 2 + r with r from -ln 2 / 2 to ln 2 / 2, and e^r by its series to r^14.
        double k = Math.Round(x / (Ln2High + Ln2Low));
        double r = x - (k * Ln2High) - (k * Ln2Low), sum = 1;
        for (int n = 14; n > 0; n--)
            sum = 1 + (r / n * sum);
        return Math.ScaleB(sum, (int)k);
    }
}
