using Orleans.Tbptt.Data;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Tests.Training.Plan;

public sealed class ChunkPlanTests
{
    private static readonly DataShape Shape = new(1, 0, 1, 0);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Plan_EqualsTheOneWrittenOutStepByStep_OnRandomCases(bool byCount)
    {
        var draws = new Draws(byCount ? 1 : 2);
        for (int i = 0; i < 400; i++)
        {
            int lanes = draws.Int(1, 9), parameter = draws.Int(1, 15), longest = draws.Int(1, 60);
            int[] lengths = draws.Ints(draws.Int(1, 25), 1, longest);
            var split = byCount ? ChunkSplit.OfCount(parameter) : ChunkSplit.OfLength(parameter);
            var expected = NaivePlan.Of(lengths, lanes, length => byCount ? NaivePlan.ByCount(length, parameter)
                : NaivePlan.ByLength(length, parameter));

            var plan = ChunkPlan.Create(Sequences(lengths), lanes, split);

            Assert.Equal(lanes, plan.Lanes);
            Assert.Equal(expected, Written(plan));
        }
    }

    [Fact]
    public void Plan_OfEqualLengths_IsTheSimpleLoopOverBatches()
    {
        const int Lanes = 4, K = 10, Length = 47, Batches = 3;
        var plan = ChunkPlan.Create(Sequences(Enumerable.Repeat(Length, Lanes * Batches)), Lanes, ChunkSplit.OfLength(K));

        long step = 0;
        for (int batch = 0; batch < Batches; batch++)
        {
            for (int start = 0; start < Length; start += K, step++)
            {
                for (int lane = 0; lane < Lanes; lane++)
                    Assert.Equal(new(batch * Lanes + lane, start, Math.Min(K, Length - start), start == 0), plan[step, lane]);
            }
        }

        Assert.Equal(step, plan.Steps);
    }

    /// <summary>Neither a burn-in nor the chunks that a window reads again are trained on once more.</summary>
    [Theory]
    [InlineData(0, 1, 20, 20, 5)]
    [InlineData(12, 1, 0, 16, 5)]
    [InlineData(0, 2, 20, 20, 5)]
    public void TimeSteps_AreThoseWhoseTargetsCount(int burnIn, int window, long first, long second, long last)
    {
        var plan = ChunkPlan.Create(Sequences([25, 20]), 2, ChunkSplit.OfLength(10), null, burnIn, window);

        Assert.Equal([first, second, last], Enumerable.Range(0, 3).Select(step => plan.TimeSteps(step)));
    }

    [Fact]
    public void Lanes_AreIdleInTheLastBatch_WhenItIsNotFull()
    {
        var plan = ChunkPlan.Create(Sequences([20, 20, 20, 20]), 3, ChunkSplit.OfLength(10));

        Assert.Equal(4, plan.Steps);
        Assert.Equal(new(3, 0, 10, true), plan[2, 0]);
        Assert.Equal(new(3, 10, 10, false), plan[3, 0]);
        foreach (int lane in new[] { 1, 2 })
        {
            Assert.Equal(LaneChunk.Idle, plan[2, lane]);
            Assert.True(plan[3, lane].IsIdle);
        }
    }

    [Fact]
    public void Plan_CoversEachTimeStepOnce_AndResetsOnlyWhereASequenceStarts()
    {
        int[] lengths = new Draws(3).Ints(40, 1, 33);
        var plan = ChunkPlan.Create(Sequences(lengths), 6, ChunkSplit.OfLength(7));
        var covered = lengths.Select(length => new int[length]).ToArray();

        for (int lane = 0; lane < plan.Lanes; lane++)
        {
            var before = LaneChunk.Idle;
            for (long step = 0; step < plan.Steps; step++)
            {
                var chunk = plan[step, lane];
                if (chunk.IsIdle)
                    continue;
                bool continues = chunk.Sequence == before.Sequence;
                Assert.Equal(!continues, chunk.Reset);
                Assert.Equal(continues ? before.Start + before.Length : 0, chunk.Start);
                for (int t = chunk.Start; t < chunk.Start + chunk.Length; t++)
                    covered[chunk.Sequence][t]++;
                before = chunk;
            }
        }

        Assert.All(covered.SelectMany(times => times), times => Assert.Equal(1, times));
    }

    [Fact]
    public void Plan_TakesSequencesInTheOrderGiven()
    {
        int[] lengths = [3, 8, 5, 1, 9], order = [4, 2, 0, 3, 1];
        var reordered = NaivePlan.Of([.. order.Select(sequence => lengths[sequence])], 2, length => NaivePlan.ByLength(length, 4));
        var expected = reordered.Select(step => step.Select(chunk => chunk.IsIdle ? chunk : chunk with { Sequence = order[chunk.Sequence] })
            .ToArray());

        var plan = ChunkPlan.Create(Sequences(lengths), 2, ChunkSplit.OfLength(4), order);

        Assert.Equal(expected, Written(plan));
    }

    [Fact]
    public void StreamOfABillionTimeSteps_CostsNothingToPlan()
    {
        const int Lanes = 8, Row = 1_000_000_000;
        var sequences = Sequences(Enumerable.Repeat(Row, Lanes));
        ChunkPlan.Create(sequences, Lanes, ChunkSplit.OfLength(1));

        long before = GC.GetAllocatedBytesForCurrentThread();
        var plan = ChunkPlan.Create(sequences, Lanes, ChunkSplit.OfLength(1));
        var last = plan[Row - 1, Lanes - 1];
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(Row, plan.Steps);
        Assert.Equal(new(Lanes - 1, Row - 1, 1, false), last);

        // A list of a few dozen bytes for each lane, a queue of them, iterators; one byte for each step would be a gigabyte.
        Assert.True(allocated < 10_000, $"{allocated} bytes for a plan of {Lanes} sequences");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public void Plan_ReachesTheEndOfTheLongestSequenceThereCanBe(int k)
    {
        var plan = ChunkPlan.Create(Sequences([int.MaxValue]), 1, ChunkSplit.OfLength(k));

        var last = plan[plan.Steps - 1, 0];

        Assert.Equal(int.MaxValue, (long)last.Start + last.Length);
        Assert.InRange(last.Length, 1, k);
        Assert.True(plan[plan.Steps, 0].IsIdle);
    }

    private static FormulaSequences Sequences(IEnumerable<int> lengths) => new(Shape, [.. lengths], 0);

    private static IEnumerable<LaneChunk[]> Written(ChunkPlan plan)
    {
        for (long step = 0; step < plan.Steps; step++)
            yield return [.. Enumerable.Range(0, plan.Lanes).Select(lane => plan[step, lane])];
    }
}
