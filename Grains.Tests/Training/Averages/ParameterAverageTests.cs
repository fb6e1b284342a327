using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Averages;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Training.Averages;

public sealed class ParameterAverageTests
{
    private static readonly TrainSpec Plain = TestSpecs.Average().Train;

    [Theory]
    [InlineData(5, 0)]
    [InlineData(0, 2, 3.0, 3.1)]
    [InlineData(0, 3, 3.0, 2.0, 2.1)]
    [InlineData(1, 0, 3.0, 3.1)] // The loss before it is in the window.
    [InlineData(1, 3, 3.0, 2.5, 3.1)]
    [InlineData(2, 6, 5.0, 4.0, 3.0, 4.5, 3.5, 4.1)] // 4.1 is more than the lowest before the two before it, 3; 3.5 is not more than 4.
    [InlineData(0, 0, 3.0, 3.0, 3.0)]
    public void Averaging_BeginsByALoss_HigherThanTheLowestBeforeTheWindow(int window, int begins, params double[] losses)
    {
        var averaging = new AveragingSpec { Window = window };

        Assert.Equal(
            begins, Enumerable.Range(1, losses.Length).FirstOrDefault(epochs => averaging.HasBegun(losses[..epochs])));
        Assert.Equal(begins > 0, averaging.HasBegun(losses));
    }

    [Fact]
    public void ExponentialAverage_BeginsWithTheFirstParameters_AndForgetsThemSooner_WithWarmup()
    {
        float[] values = [1, 2, 4, 8];

        float[] plain = [1, 1.25f, 1.9375f, 3.453125f];
        Assert.Equal(plain, Averages(Plain with { Ema = new() { Decay = 0.75 } }, values));
        float[] warm = Averages(Plain with { Ema = new() { Decay = 0.75, Warmup = true } }, values);
        // The decays after 1, 2 and 3 updates: 2/11, 3/12, 4/13.
        double[] expected = [1, 1 + (9.0 / 11), 0, 0];
        expected[2] = expected[1] + ((4 - expected[1]) * 9 / 12);
        expected[3] = expected[2] + ((8 - expected[2]) * 9 / 13);
        Assert.All(expected.Zip(warm), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void MeanOfIterates_LeavesTheFirstOneOut_AsTorchsDoes()
    {
        var train = Plain with { Optimizer = new Sgd { Lr = 1, Average = new() { Window = 0 } } };

        double[] expected = [1, 2, 3, 14.0 / 3];
        Assert.All(expected.Zip(Averages(train, [1, 2, 4, 8])), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    /// <summary>A whole vector of each number, taken in two pieces: the average after each update.</summary>
    private static float[] Averages(TrainSpec train, float[] values)
    {
        const int Length = 19, First = 8;
        var average = new ParameterAverage(train, Length);
        average.Follow([1, 2]);
        List<float> seen = [];
        foreach (float value in values)
        {
            float[] parameters = [.. Enumerable.Repeat(value, Length)];
            average.Begin();
            Assert.True(average.Take(0, parameters.AsSpan(0, First)));
            Assert.True(average.Take(First, parameters.AsSpan(First)));
            seen.Add(Assert.Single(average.Values.Distinct()));
        }

        Assert.Equal(values.Length, average.Count);
        return [.. seen];
    }
}
