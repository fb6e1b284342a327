using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Tests.Training.Fused;

/// <summary>The fused multiply-add that is computed in double, against the processor's own.</summary>
public sealed class SingleRoundingTests
{
    [Fact]
    public void MultiplyAdd_RoundsOnce_AsTheProcessorDoes()
    {
        Assert.SkipUnless(SingleRounding.IsHardwareAccelerated, "this processor has no instruction to compare with");
        var draws = new Draws(7);
        for (int i = 0; i < 500_000; i++)
        {
            // Any bits, among them subnormal numbers, and c near −a·b, where all but the last bits cancel.
            float a = Any(draws), b = Any(draws);
            foreach (float c in (float[])[Any(draws), -(a * b), MathF.BitIncrement(-(a * b)), a * b * 1e-8f])
                Same(a, b, c);
        }
    }

    /// <summary>A result between two subnormal numbers that some C libraries round up.</summary>
    [Fact]
    public void MultiplyAdd_RoundsSubnormalResults_Once() => Bits.Same(
        [BitConverter.UInt32BitsToSingle(0x00010001)],
        [SingleRounding.MultiplyAdd(BitConverter.UInt32BitsToSingle(0x97000800), BitConverter.UInt32BitsToSingle(0x1cfff001),
            BitConverter.UInt32BitsToSingle(0x00010002))]);

    private static void Same(float a, float b, float c)
    {
        float expected = MathF.FusedMultiplyAdd(a, b, c), actual = SingleRounding.MultiplyAdd(a, b, c);
        if (!float.IsNaN(expected) || !float.IsNaN(actual))
            Assert.True(BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual),
                $"{a:r} · {b:r} + {c:r} is {actual:r}, expected {expected:r}");
    }

    private static float Any(Draws draws) => BitConverter.Int32BitsToSingle((draws.Int(0, 0xFFFF) << 16) | draws.Int(0, 0xFFFF));
}
