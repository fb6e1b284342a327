using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Training.Gpu.Emulation;

/// <summary>The numbers that tensor cores multiply, as bits of 32.</summary>
internal static class TensorNumbers
{
    private const int Tf32Ulp = 1 << 13, Exponent = 0x7F800000, NotANumber = 0x7FFFFFFF;

    /// <summary>The nearest TF32, ties away from zero. Infinities stay; a NaN is one.</summary>
    public static int Tf32(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        if ((bits & Exponent) == Exponent)
            return float.IsNaN(value) ? NotANumber : bits;

        // A carry goes to the exponent, and from the largest one to infinity; sign and magnitude are apart, so that this is away from 0.
        return (bits + (Tf32Ulp / 2)) & ~(Tf32Ulp - 1);
    }

    /// <summary>The nearest bfloat16 of each, ties to even, in the upper and in the lower half.</summary>
    public static int Bfloat16Pair(float upper, float lower)
    {
        Span<ushort> halves = stackalloc ushort[2];
        Bfloat16.Narrow([lower, upper], halves);
        return halves[0] | (halves[1] << 16);
    }

    /// <summary>A number of a register: the only TF32, or one of two of bfloat16, the lower one first.</summary>
    public static float Of(int bits, bool isPair, int which) =>
        BitConverter.Int32BitsToSingle(!isPair ? bits : which == 0 ? bits << 16 : bits & unchecked((int)0xFFFF0000));
}
