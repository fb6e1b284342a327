namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>The natural logarithm from exactly rounded operations only, because C libraries differ in its last bits.</summary>
internal static class Logarithm
{
    private const double Ln2 = 0.69314718055994530942;

    /// <summary>
    /// ln x for a normal x &gt; 0, within 1e-15 relative or absolute, whichever is larger; NaN for NaN, infinity for infinity.
    /// </summary>
    /// <remarks>
    /// x = 2^e · m with m in [√½, √2); ln m = 2 artanh((m − 1) / (m + 1)), whose series in z² ≤ 0.0295 ends after ten terms.
    /// </remarks>
    public static double Of(double x)
    {
        if (!double.IsFinite(x))
            return x;
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)(bits >> 52) - 1023;
        double m = BitConverter.Int64BitsToDouble((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            exponent++;
        }

        double z = (m - 1) / (m + 1), square = z * z, sum = 0;
        for (int n = 21; n >= 1; n -= 2)
            sum = sum * square + 1.0 / n;
        return exponent * Ln2 + 2 * z * sum;
    }
}
