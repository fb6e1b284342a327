using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Tests.Training.Optimizers;

public sealed class PowersTests
{
    [Theory]
    [InlineData(0.9)]
    [InlineData(0.999)]
    [InlineData(0.5)]
    [InlineData(0.0)]
    [InlineData(1.0)]
    public void Power_IsTheProductOfItsFactors(double x)
    {
        double product = 1;
        for (int n = 0; n <= 5000; n++, product *= x)
        {
            // At most n roundings of 2^-53 on each side.
            Assert.Equal(product, Powers.Of(x, n), product * (n + 1) * Math.Pow(2, -52));
        }
    }

    [Fact]
    public void Power_OfALongRun_VanishesAndStaysANumber()
    {
        Assert.Equal(0, Powers.Of(0.999, long.MaxValue));
        Assert.Equal(1, Powers.Of(1, long.MaxValue));
        Assert.Equal(Math.Exp(1_000_000 * Math.Log(0.99999)), Powers.Of(0.99999, 1_000_000), 1e-12);
    }
}
