using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Steps;

public sealed class GradientNormTests
{
    [Fact]
    public void Norm_IsTheEuclideanOne_ForEveryLength()
    {
        var draws = new Draws(31);
        for (int length = 0; length <= 40; length++)
        {
            int[] whole = draws.Ints(length, -1_000_000, 1_000_000);

            // Whole numbers of 1/1024, their squares summed as whole numbers below 2^53: nothing is rounded but the root, and it alike on
            // both sides.
            double expected = Math.Sqrt(whole.Sum(value => (long)value * value)) / 1024;

            Bits.Same([expected], [GradientNorm.Of([.. whole.Select(value => value / 1024f)])]);
        }
    }

    [Fact]
    public void Norm_AddsEightPartialSumsByTheTree_BitForBit()
    {
        var draws = new Draws(32);
        for (int length = 0; length <= 40; length++)
        {
            var gradient = draws.Floats(length);
            var partial = new double[8];
            for (int i = 0; i < length; i++)
                partial[i % 8] += (double)gradient[i] * gradient[i];
            double squares = ((partial[0] + partial[1]) + (partial[2] + partial[3]))
                + ((partial[4] + partial[5]) + (partial[6] + partial[7]));

            Bits.Same([Math.Sqrt(squares)], [GradientNorm.Of(gradient)]);
        }
    }

    [Fact]
    public void Norm_OfALongGradient_IsWithinRounding()
    {
        var gradient = new Draws(33).Floats(1_000_003);

        double expected = Math.Sqrt(gradient.Sum(value => (double)value * value));

        // Rounding errors of a million additions of positive numbers: at most 1e6 · 1.1e-16 of the sum.
        Assert.Equal(1, GradientNorm.Of(gradient) / expected, 1e-10);
    }

    [Fact]
    public void Norm_DoesNotOverflowOrVanish_WhereFloatWould()
    {
        Assert.Equal(1, GradientNorm.Of([float.MaxValue, -float.MaxValue]) / (Math.Sqrt(2) * float.MaxValue), 1e-14);
        Assert.Equal(1, GradientNorm.Of([1e-30f, 1e-30f]) / (Math.Sqrt(2) * 1e-30f), 1e-14);
        Assert.Equal(0, GradientNorm.Of([]));
        Assert.Equal(5, GradientNorm.Of([3, 4]));
    }

    [Theory]
    [InlineData(float.NaN, double.NaN)]
    [InlineData(float.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, double.PositiveInfinity)]
    public void Norm_IsNotFinite_WhereverANumberIsNot(float bad, double expected)
    {
        for (int length = 1; length <= 25; length++)
        {
            for (int at = 0; at < length; at++)
            {
                var gradient = new Draws(length).Floats(length);
                gradient[at] = bad;
                Assert.Equal(expected, GradientNorm.Of(gradient));
            }
        }
    }

    [Fact]
    public void Clip_ScalesALongerGradient_ByTorchsFactor()
    {
        var gradient = new Draws(34).Floats(37);
        double norm = GradientNorm.Of(gradient), limit = norm / 3;
        var clipped = gradient.ToArray();

        GradientNorm.Clip(clipped, norm, limit);

        Bits.Same([.. gradient.Select(value => value * (float)(limit / (norm + 1e-6)))], clipped);
        Assert.Equal(limit, GradientNorm.Of(clipped), 1e-6 * limit);
    }

    [Theory]
    [InlineData(1.001)]
    [InlineData(1e30)]
    public void Clip_LeavesAShorterGradientAlone(double times)
    {
        float[] gradient = [.. new Draws(35).Floats(37), -0f, float.Epsilon, 0];
        double norm = GradientNorm.Of(gradient);
        var clipped = gradient.ToArray();

        GradientNorm.Clip(clipped, norm, norm * times);

        Bits.Same(gradient, clipped);
    }

    [Fact]
    public void Clip_LeavesZerosAlone()
    {
        var gradient = new float[5];

        GradientNorm.Clip(gradient, 0, 0.5);

        Bits.Same(new float[5], gradient);
    }
}
