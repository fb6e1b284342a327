using System.Runtime.CompilerServices;

namespace Orleans.Tbptt.Training.Fused.Simd;

/// <summary>
/// exp, sigmoid, its logarithm and tanh from additions, multiplications and divisions only, in a fixed order: the same bits on every
/// processor, whereas C libraries and vector libraries differ.
/// </summary>
/// <remarks>
/// The argument is split as x = n·ln 2 + r with |r| ≤ ln 2 / 2 (Cody and Waite, "Software manual for the elementary functions", 1980),
/// and e^r − 1 is a polynomial with the coefficients of Moshier's Cephes library (<c>expf.c</c>). Largest errors over all of float32,
/// against double precision, in units in the last place: exp 1.1, sigmoid 3, tanh 3, ln of sigmoid 4; a test holds them.
/// </remarks>
internal static class Activation
{
    // Adding 1.5 · 2²³ to a smaller number leaves no bits for a fraction, which rounds it to an integer, ties to even.
    private const float Rounder = 12582912;
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts, the first with few enough bits that its product with n is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>e^x. 0 below −104, infinity above 89 (and from 88.73 on), NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : unmanaged, IFloats<T>
    {
        x = T.WhereLess(T.Of(89), x, T.Of(89), x);
        return ExpOfBounded(T.Larger(T.Of(-104), x));
    }

    /// <summary>1 / (1 + e^−x), from e^−|x| ≤ 1, so that nothing overflows and small results keep their precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : unmanaged, IFloats<T>
    {
        var e = ExpOfNegative(x);
        return T.WhereLess(x, T.Of(0), e, T.Of(1)) / (T.Of(1) + e);
    }

    /// <summary>tanh x = −m / (2 + m) with m = e^−2|x| − 1, which keeps its precision near zero; the sign is x's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : unmanaged, IFloats<T>
    {
        // tanh is 1 to the last bit long before 20.
        var y = T.Larger(T.Of(-40), T.Of(-2) * T.Abs(x));
        var n = Whole(y * T.Of(Log2E));
        var power = T.PowerOfTwo(n);

        // 2ⁿ (e^r − 1) + (2ⁿ − 1): for n = 0 e^r − 1 keeps its precision, otherwise nothing cancels.
        var m = T.MultiplyAdd(ExpMinusOne(y, n), power, power - T.Of(1));
        return T.WithSignOf(m / (T.Of(2) + m), x);
    }

    /// <summary>ln of the sigmoid of x: min(x, 0) − ln(1 + e^−|x|).</summary>
    /// <remarks>ln(1 + e) = 2 artanh(e / (2 + e)), whose series in z² ≤ 1/9 ends after eight terms.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LogSigmoid<T>(T x) where T : unmanaged, IFloats<T>
    {
        var e = ExpOfNegative(x);
        var z = e / (T.Of(2) + e);
        var square = z * z;
        var p = T.MultiplyAdd(T.Of(1f / 15), square, T.Of(1f / 13));
        p = T.MultiplyAdd(p, square, T.Of(1f / 11));
        p = T.MultiplyAdd(p, square, T.Of(1f / 9));
        p = T.MultiplyAdd(p, square, T.Of(1f / 7));
        p = T.MultiplyAdd(p, square, T.Of(1f / 5));
        p = T.MultiplyAdd(p, square, T.Of(1f / 3));
        p = T.MultiplyAdd(p, square, T.Of(1));
        return T.WhereLess(x, T.Of(0), x, T.Of(0)) - T.Of(2) * z * p;
    }

    /// <summary>e^−|x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ExpOfNegative<T>(T x) where T : unmanaged, IFloats<T> => ExpOfBounded(T.Larger(T.Of(-104), -T.Abs(x)));

    /// <summary>e^x for x from −104 to 89, or a NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ExpOfBounded<T>(T x) where T : unmanaged, IFloats<T>
    {
        var n = Whole(x * T.Of(Log2E));
        return T.Scaled(ExpMinusOne(x, n) + T.Of(1), n);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Whole<T>(T x) where T : unmanaged, IFloats<T> => x + T.Of(Rounder) - T.Of(Rounder);

    /// <summary>e^r − 1 for r = x − n·ln 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ExpMinusOne<T>(T x, T n) where T : unmanaged, IFloats<T>
    {
        var r = T.MultiplyAdd(n, T.Of(-Ln2High), x);
        r = T.MultiplyAdd(n, T.Of(-Ln2Low), r);
        var p = T.MultiplyAdd(T.Of(1.9875691500e-4f), r, T.Of(1.3981999507e-3f));
        p = T.MultiplyAdd(p, r, T.Of(8.3334519073e-3f));
        p = T.MultiplyAdd(p, r, T.Of(4.1665795894e-2f));
        p = T.MultiplyAdd(p, r, T.Of(1.6666665459e-1f));
        p = T.MultiplyAdd(p, r, T.Of(5.0000001201e-1f));
        return T.MultiplyAdd(p, r * r, r);
    }
}
