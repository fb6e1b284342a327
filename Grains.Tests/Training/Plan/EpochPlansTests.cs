using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Tests.Training.Plan;

public sealed class EpochPlansTests
{
    [Fact]
    public void Shuffle_IsAPermutation_OtherInEachEpoch()
    {
        var plans = Plans(sequences: 50, shuffle: true);

        var orders = Enumerable.Range(0, 20).Select(epoch => Order(plans, epoch)).ToArray();

        Assert.All(orders, order => Assert.Equal(Enumerable.Range(0, 50), order.Order()));
        Assert.Equal(orders.Length, orders.Select(order => string.Join(' ', order)).Distinct().Count());
    }

    [Fact]
    public void Shuffle_IsAFunctionOfSeedAndEpoch_NotOfWhatWasAskedBefore()
    {
        var forward = Plans(sequences: 50, shuffle: true);
        var backward = Plans(sequences: 50, shuffle: true);
        var first = Enumerable.Range(0, 5).Select(epoch => Order(forward, epoch)).ToArray();

        for (int epoch = 4; epoch >= 0; epoch--)
            Assert.Equal(first[epoch], Order(backward, epoch));
        Assert.NotEqual(first[0], Order(Plans(sequences: 50, shuffle: true, seed: 8), 0));
    }

    [Fact]
    public void Shuffle_GivesEachOrderAsOften()
    {
        var plans = Plans(sequences: 3, shuffle: true);

        var counts = Enumerable.Range(0, 6000).CountBy(epoch => string.Join(' ', Order(plans, epoch))).ToDictionary();

        // Binomial, n 6000 and p 1/6: mean 1000, deviation 28.9; five deviations.
        Assert.Equal(6, counts.Count);
        Assert.All(counts.Values, count => Assert.InRange(count, 1000 - 145, 1000 + 145));
    }

    [Fact]
    public void Epochs_TakeTheSequencesInTheirOwnOrder_WithoutShuffle()
    {
        var plans = Plans(sequences: 50, shuffle: false);

        for (int epoch = 0; epoch < 3; epoch++)
            Assert.Equal(Enumerable.Range(0, 50), Order(plans, epoch));
        Assert.Same(plans.Training(0), plans.Training(2));
    }

    [Fact]
    public void Evaluation_TakesTheHeldOutSequencesInTheirOwnOrder_AlsoWithShuffle()
    {
        var plan = Plans(sequences: 5, shuffle: true, held: [4, 4, 4]).HeldOut(HeldOutPart.Validation)!;

        Assert.Equal([0, 0, 1, 1, 2, 2], Enumerable.Range(0, (int)plan.Steps).Select(step => plan[step, 0].Sequence));
        Assert.Null(Plans(sequences: 5, shuffle: true).HeldOut(HeldOutPart.Validation));
    }

    private static EpochPlans Plans(int sequences, bool shuffle, long seed = 7, int[]? held = null)
    {
        var spec = TestSpecs.Average(trainers: 1) with { Seed = seed, Tbptt = new TbpttSpec { ChunkLength = 3 } };
        var data = new FormulaData(new(1, 0, 1, 0), [.. Enumerable.Repeat(2, sequences)], held);
        return new(spec with { Data = spec.Data with { BatchSize = 1, Shuffle = shuffle } }, data);
    }

    /// <summary>The sequences of an epoch in the order that the one lane meets them; each is one chunk.</summary>
    private static int[] Order(EpochPlans plans, int epoch)
    {
        var plan = plans.Training(epoch);
        return [.. Enumerable.Range(0, (int)plan.Steps).Select(step => plan[step, 0].Sequence)];
    }
}
