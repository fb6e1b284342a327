using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Training.Fused;

public sealed class LogarithmTests
{
    [Fact]
    public void Logarithm_IsThatOfTheMathematicalLibrary_WithinItsBound()
    {
        var draws = new Draws(12);
        double[] numbers =
            [1, 2, Math.Sqrt(2), Math.BitIncrement(1), Math.BitDecrement(1), double.MaxValue, 2.3e-308, .. Many(0.4, 3), .. Many(1, 1e6)];

        IEnumerable<double> Many(double low, double high) => Enumerable.Range(0, 50_000).Select(_ => draws.Double(low, high));
        Assert.All(numbers, x => Assert.InRange(Math.Abs(Logarithm.Of(x) - Math.Log(x)), 0, 1e-15 * Math.Max(1, Math.Abs(Math.Log(x)))));
    }

    [Fact]
    public void Logarithm_PassesOn_WhatIsNotFinite() =>
        Assert.Equal([double.NaN, double.PositiveInfinity], [Logarithm.Of(double.NaN), Logarithm.Of(double.PositiveInfinity)]);
}
