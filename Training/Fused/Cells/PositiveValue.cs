using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>
/// The candidate's activation g of "Were RNNs All We Needed?" (Feng et al., 2024, appendix B): x + ½ for x ≥ 0, sigmoid x below, which
/// is positive, so that the paper can compute in logarithms; the values are the same where they are computed step by step, as here.
/// </summary>
internal static class PositiveValue
{
    /// <summary>g(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x) where T : unmanaged, IFloats<T> => T.WhereLess(x, T.Of(0), Activation.Sigmoid(x), x + T.Of(0.5f));

    /// <summary>g'(x), of g(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Derivative<T>(T value) where T : unmanaged, IFloats<T> =>
        T.WhereLess(value, T.Of(0.5f), value * (T.Of(1) - value), T.Of(1));
}
