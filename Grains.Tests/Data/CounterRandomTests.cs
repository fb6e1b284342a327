using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Tests.Data;

public sealed class CounterRandomTests
{
    [Fact]
    public void Hash_EqualsPublishedSplitMix64_ForSeed1234567()
    {
        ulong[] expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        Assert.Equal(expected, Enumerable.Range(0, 5).Select(i => CounterRandom.Hash(1234567, (ulong)i)));
        Assert.Equal(0xE220A8397B1DCDAFUL, CounterRandom.Hash(0, 0));
    }

    [Fact]
    public void Keys_StayAsTheyAre_ForSeedPurposeAndPart()
    {
        Assert.Equal(0xb484847452382898UL, CounterRandom.Key(1, RandomPurpose.Shuffle));
        Assert.Equal(0xa8dd5b8211cc7c9fUL, CounterRandom.Key(-1, RandomPurpose.Dropout));
        Assert.Equal(0xa0da6cc6ee543839UL, CounterRandom.Derive(42, 7));
    }

    [Fact]
    public void Numbers_StayAsTheyAre_OfEveryDistribution()
    {
        Assert.Equal(0.8833108082136426, CounterRandom.Uniform(0, 0));
        Assert.Equal(0.6184820663561348, CounterRandom.Uniform(42, 9));
        Assert.Equal(-0.8941334431933914, CounterRandom.Normal(42, 0));
        Assert.Equal(1.5075090905204913, CounterRandom.Normal(42, 5));
        Assert.Equal([7UL, 1, 2, 3, 0, 8, 2, 8], Enumerable.Range(0, 8).Select(i => CounterRandom.Below(42, (ulong)i, 10)));
    }

    [Fact]
    public void Normal_HasMean0AndVariance1_OverManyDraws()
    {
        double[] draws = [.. Enumerable.Range(0, 100_000).Select(i => CounterRandom.Normal(3, (ulong)i))];
        Assert.InRange(draws.Average(), -0.01, 0.01);
        Assert.InRange(draws.Average(draw => draw * draw), 0.98, 1.02);
    }

    [Fact]
    public void Keys_Differ_ForEveryPartOfEveryPurpose()
    {
        RandomPurpose[] purposes = Enum.GetValues<RandomPurpose>();
        IEnumerable<ulong> keys = purposes.SelectMany(
            purpose => Enumerable.Range(0, 1000).Select(part => CounterRandom.Derive(CounterRandom.Key(1, purpose), (ulong)part)));
        Assert.Equal(1000 * purposes.Length, keys.Distinct().Count());
    }
}
