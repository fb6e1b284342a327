using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>The natural logarithm from exactly rounded operations only, because C libraries differ in its last bits.</summary>
internal static class Logarithm
{
    private const double Ln2 = 0.69314718055994530942, RootOf2 = 1.4142135623730951;

    /// <inheritdoc cref="Of{T}"/>
    public static double Of(double x) => Of(new Double1(x)).Value;

    /// <summary>
    /// ln x for a normal x &gt; 0, within 1e-15 relative or absolute, whichever is larger; NaN for NaN, infinity for infinity.
    /// </summary>
    /// <remarks>
    /// x = 2^e · m with m in [√½, √2); ln m = 2 artanh((m − 1) / (m + 1)), whose series in z² ≤ 0.0295 ends after ten terms.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x) where T : unmanaged, IDoubles<T>
    {
        T e = T.Exponent(x), m = T.Mantissa(x), one = T.Of(1), root = T.Of(RootOf2);
        e = T.WhereLess(root, m, e + one, e);
        m = T.WhereLess(root, m, m * T.Of(0.5), m);
        T z = (m - one) / (m + one), square = z * z, sum = T.Of(0);
        for (int n = 21; n >= 1; n -= 2)
            sum = sum * square + T.Of(1.0 / n);
        return T.WhereLess(x, T.Of(double.PositiveInfinity), e * T.Of(Ln2) + T.Of(2) * z * sum, x);
    }
}
