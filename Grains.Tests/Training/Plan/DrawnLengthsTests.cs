using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;

namespace Orleans.Tbptt.Tests.Training.Plan;

public sealed class DrawnLengthsTests
{
    private const int Draws = 20_000;

    /// <summary>
    /// The mean of 19,000 draws of deviation 5 is within 0.2 of its expectation by five of its own deviations, half a time step is cut off
    /// on average, and the share of halves, 0.05, is within 0.008 by five of its own.
    /// </summary>
    [Fact]
    public void Lengths_HaveTheirMeanDeviationAndShareOfHalves()
    {
        var lengths = new DrawnLengths(3, 1, 70, new RandomLengthSpec());
        int[] drawn = [.. Enumerable.Range(0, Draws).Select(step => lengths.At(step))];
        int[] whole = [.. drawn.Where(length => length > 52)], half = [.. drawn.Where(length => length <= 52)];

        Assert.Equal(0.05, (double)half.Length / Draws, 0.008);
        Assert.Equal(69.5, whole.Average(), 0.2);
        Assert.Equal(34.5, half.Average(), 1.0);
        Assert.Equal(5, Math.Sqrt(whole.Average(length => Math.Pow(length - whole.Average(), 2))), 0.2);
        Assert.All(drawn, length => Assert.InRange(length, 5, new RandomLengthSpec().Longest(70)));
        Assert.Equal(drawn[17] / 70.0, lengths.RateFactor(17));
    }

    [Fact]
    public void Lengths_AreAFunctionOfSeedEpochAndStep_AndFiveAtLeast()
    {
        int[] Drawn(long seed, int epoch) =>
            [.. Enumerable.Range(0, 50).Select(step => new DrawnLengths(seed, epoch, 70, new()).At(49 - step))];

        Assert.Equal(Drawn(3, 1), Drawn(3, 1));
        Assert.NotEqual(Drawn(3, 1), Drawn(3, 2));
        Assert.NotEqual(Drawn(3, 1), Drawn(4, 1));
        var few = new DrawnLengths(3, 0, 6, new() { Deviation = 10 });
        Assert.Equal(5, Enumerable.Range(0, 100).Min(step => few.At(step)));
    }

    [Fact]
    public void Plan_TakesEveryTimeStepOfEverySequenceOnce_InAllLanesByTheLengthOfTheStep()
    {
        int[] lengths = [131, 4, 222, 17, 95, 311, 30, 2, 77];
        var spec = TestSpecs.Average() with
        {
            Data = TestSpecs.Average().Data with { BatchSize = 3 },
            Tbptt = new() { ChunkLength = 20, RandomLength = new() { HalfProbability = 0.3 } },
        };
        using var data = new FormulaData(new(3, 0, 2, 0), lengths, [50]);
        var plans = new EpochPlans(spec, data);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            var plan = plans.Training(epoch);
            var drawn = new DrawnLengths(spec.Seed, epoch, 20, spec.Tbptt.RandomLength!);
            int[] done = new int[lengths.Length];
            for (long step = 0; step < plan.Steps; step++)
            {
                var chunks = Enumerable.Range(0, 3).Select(lane => plan[step, lane]).Where(chunk => !chunk.IsIdle).ToArray();
                Assert.NotEmpty(chunks);
                foreach (var chunk in chunks)
                {
                    Assert.Equal(done[chunk.Sequence], chunk.Start);
                    Assert.Equal(chunk.Start == 0, chunk.Reset);
                    Assert.Equal(Math.Min(drawn.At(step), lengths[chunk.Sequence] - chunk.Start), chunk.Length);
                    done[chunk.Sequence] += chunk.Length;
                }
            }

            Assert.Equal(lengths, done);
        }

        Assert.NotEqual(plans.Training(0)[0, 0].Length, plans.Training(1)[0, 0].Length);
        Assert.Equal(20, plans.HeldOut(HeldOutPart.Validation)![0, 0].Length);
    }
}
