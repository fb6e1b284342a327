using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Orleans.Tbptt.Training.Fused.Simd;

/// <summary>Fused multiply-add on processors without it. C libraries are not always exact: some round subnormal results wrongly.</summary>
internal static class SingleRounding
{
    /// <summary>Whether the processor has the instruction.</summary>
    public static bool IsHardwareAccelerated
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Fma.IsSupported || AdvSimd.IsSupported;
    }

    /// <summary>a · b + c, rounded once.</summary>
    /// <remarks>
    /// The product of two float32 is exact in double. Its sum with c is rounded to odd (Boldo and Melquiond, "Emulation of FMA and
    /// correctly rounded sums", 2008): where it is not exact, the last bit is made odd, and rounding that to float32 is the same as
    /// rounding the exact sum. Knuth's two-sum gives the rounding error of the sum.
    /// </remarks>
    public static float MultiplyAdd(float a, float b, float c)
    {
        double product = (double)a * b, sum = product + c;
        double ofC = sum - product, lost = (product - (sum - ofC)) + (c - ofC);
        if (lost != 0 && double.IsFinite(sum) && (BitConverter.DoubleToInt64Bits(sum) & 1) == 0)
            sum = (lost > 0) == (sum > 0) ? BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(sum) + 1)
                : BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(sum) - 1);
        return (float)sum;
    }

    /// <summary>The same for four numbers; not to be inlined, because the compiler inlines only so much into one method.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.Create(
        MultiplyAdd(a[0], b[0], c[0]), MultiplyAdd(a[1], b[1], c[1]), MultiplyAdd(a[2], b[2], c[2]), MultiplyAdd(a[3], b[3], c[3]));
}
