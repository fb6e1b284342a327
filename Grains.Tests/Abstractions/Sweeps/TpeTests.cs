using Orleans.Tbptt.Sweeps.Strategies;

namespace Orleans.Tbptt.Tests.Abstractions.Sweeps;

/// <summary>The tree-structured Parzen estimator against its formulas, computed by hand with Python's math.erf.</summary>
public sealed class TpeTests
{
    private const double Close = 1e-12;

    private static readonly SweepParameter Unit = new() { Key = "train.clipNorm", Range = SweepRange.Uniform, Low = 0, High = 1 };
    private static readonly SweepParameter Size = new() { Key = "model.hiddenSize", Range = SweepRange.Whole, Low = 4, High = 10 };
    private static readonly SweepParameter Rate = new()
    {
        Key = "train.optimizer.lr", Range = SweepRange.LogUniform, Low = 1e-4, High = 1e-1,
    };

    private static readonly SweepParameter Word = new()
    {
        Key = "model.cell", Range = SweepRange.Choice, Choices = ["lstm", "gru", "rnn"], High = 2,
    };

    [Fact]
    public void Density_IsTheMixtureOfTruncatedNormalDistributions()
    {
        var density = new ParzenEstimator(Unit, [0.2, 0.9]);

        Assert.Equal(1.0758015949291033, density.Density(0.25), Close);
        Assert.Equal(1.0184748502185206, density.Density(0.6), Close);
        Assert.Equal(0.17638322734183723, new ParzenEstimator(Rate, [1e-3]).Density(2e-3), Close);
    }

    [Fact]
    public void Density_OfAWholeNumber_IsAProbability()
    {
        var density = new ParzenEstimator(Size, [8, 9]);
        double[] expected =
        [
            0.05339954091988405, 0.07445910886277766, 0.11462721267006498, 0.16862646980794804, 0.21029506794197234,
            0.21053294182754648, 0.1680596579698064,
        ];

        for (int value = 4; value <= 10; value++)
            Assert.Equal(expected[value - 4], density.Density(value), Close);
    }

    [Fact]
    public void Probabilities_OfAChoice_AreItsWeightedNumbersWithAPrior()
    {
        double[] found = TpeStrategy.Probabilities(3, [1, 2, 1]), expected = [1.0 / 12, 7.0 / 12, 4.0 / 12];
        Assert.All(expected.Zip(found), one => Assert.Equal(one.First, one.Second, Close));
        Assert.Equal([0.5, 0.5], TpeStrategy.Probabilities(2, []));
    }

    [Fact]
    public void OldValues_WeighLess()
    {
        Assert.Equal([1, 1, 1], ParzenEstimator.Weights(3));
        double[] many = ParzenEstimator.Weights(28);
        Assert.Equal([1.0 / 28, (1.0 / 28) + ((1 - (1.0 / 28)) / 2), 1, 1], many[..4]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 1)]
    [InlineData(11, 2)]
    [InlineData(250, 25)]
    [InlineData(999, 25)]
    public void ATenthOfTheResults_IsGood(int results, int good) => Assert.Equal(good, TpeStrategy.Good(results));

    [Fact]
    public void Values_AreRandom_UntilThereAreEnoughResults_AndComeNearTheGoodOnesThen()
    {
        var search = new SweepSearch(7, [Rate, Size, Word]);
        var tpe = new TpeStrategy { Startup = 10 };
        SweepObservation[] seen = [.. Enumerable.Range(0, 30).Select(trial =>
        {
            var values = new RandomStrategy().Values(search, trial, []);
            return new SweepObservation(
                trial, values, 0, Math.Abs(Math.Log10(values[0]) + 2) + Math.Abs(values[1] - 8) + (values[2] == 1 ? 0 : 1));
        })];
        SweepObservation[] sorted = [.. SweepObservation.BestFirst(seen)];

        Assert.Equal(new RandomStrategy().Values(search, 3, []), tpe.Values(search, 3, sorted[..9]));
        var next = Enumerable.Range(30, 20).Select(trial => tpe.Values(search, trial, sorted)).ToList();
        Assert.All(next, values => Assert.True(values[0] is >= 1e-4 and <= 1e-1 && values[1] is >= 4 and <= 10));
        Assert.True(next.Count(values => values[2] == 1) > 12);
        Assert.True(next.Average(values => Math.Abs(values[1] - 8)) < seen.Average(one => Math.Abs(one.Values[1] - 8)));
        Assert.Equal(next[0], tpe.Values(search, 30, sorted));
    }
}
