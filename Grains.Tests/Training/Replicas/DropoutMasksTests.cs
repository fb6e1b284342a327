using System.Runtime.InteropServices;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training.Replicas;

public sealed class DropoutMasksTests
{
    private static readonly DataShape Shape = new(1, 0, 1, 0);

    [Fact]
    public void Masks_AreTheSameLaneByLane_ForAnyNumberOfTrainers()
    {
        const int Lanes = 6, Units = 9;
        var sequences = new FormulaSequences(Shape, new Draws(21).Ints(20, 1, 30), 1);
        var plan = ChunkPlan.Create(sequences, Lanes, ChunkSplit.OfLength(7));
        for (long step = 0; step < plan.Steps; step++)
        {
            for (int layer = 0; layer < 2; layer++)
            {
                var alone = Of(trainers: 1, step, layer);
                foreach (int trainers in new[] { 2, 3, 6 })
                    Assert.Equivalent(alone, Of(trainers, step, layer), strict: true);
            }
        }

        Dictionary<(int Lane, int Time), float[]> Of(int trainers, long step, int layer)
        {
            var all = new Dictionary<(int, int), float[]>();
            foreach (var block in LaneBlock.Split(Lanes, trainers))
            {
                var batch = new ChunkBatch(Shape);
                batch.Load(sequences, plan, step, block);
                foreach (var (place, mask) in BatchRows.Masks(plan, batch, block, new(5, step, block.First, 0.4), step, layer, Units))
                    all.Add(place, mask);
            }

            return all;
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.25)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Units_AreDroppedAtTheRate_AndKeptOnesScaled(double rate)
    {
        const int Lanes = 10, Time = 50, Units = 400, Count = Lanes * Time * Units;
        var mask = Fill(new(1, 2, 0, rate), Lanes, Time, layer: 0, Units);

        int dropped = mask.Count(value => value == 0);

        // Binomial: five deviations either side of the mean.
        double deviation = Math.Sqrt(Count * rate * (1 - rate));
        Assert.InRange(dropped, Count * rate - 5 * deviation, Count * rate + 5 * deviation);
        Assert.All(mask, value => Assert.True(value == 0 || value == (float)(1 / (1 - rate)), $"{value}"));
    }

    [Fact]
    public void Masks_ShareNothing_BetweenSeedsStepsLayersLanesAndTimes()
    {
        const int Units = 64;
        var seen = new HashSet<string>();
        foreach (var (seed, step, layer) in from seed in Enumerable.Range(1, 3) from step in Enumerable.Range(0,
            4) from layer in Enumerable.Range(0, 3) select (seed, step, layer))
        {
            var mask = Fill(new(seed, step, 0, 0.5), lanes: 4, time: 5, layer, Units);
            for (int row = 0; row < 4 * 5; row++)
                seen.Add(Key(mask.AsSpan(row * Units, Units)));
        }

        // Of 2^64 equally likely masks, 720 that all differ: two that are alike are no accident.
        Assert.Equal(3 * 4 * 3 * 4 * 5, seen.Count);
    }

    [Fact]
    public void Masks_OfNeighbours_AreUnrelated()
    {
        const int Units = 4000;
        var here = Fill(new(1, 0, 0, 0.5), 1, 2, layer: 0, Units);
        float[] time = here[Units..], base0 = here[..Units];
        var others = new[]
        {
            time,
            Fill(new(1, 0, 1, 0.5), 1, 1, layer: 0, Units),
            Fill(new(1, 0, 0, 0.5), 1, 1, layer: 1, Units),
            Fill(new(1, 1, 0, 0.5), 1, 1, layer: 0, Units),
            Fill(new(2, 0, 0, 0.5), 1, 1, layer: 0, Units),
            [.. base0[1..], base0[0]],
        };

        // Two independent fair masks differ in half of their units: mean 2000, deviation 31.6; five deviations.
        Assert.All(others, other => Assert.InRange(base0.Zip(other).Count(pair => pair.First != pair.Second), 2000 - 158, 2000 + 158));
    }

    [Fact]
    public void Masks_AreOfTheRunsLane_NotOfTheTrainers()
    {
        var whole = Fill(new(1, 0, 0, 0.5), lanes: 3, time: 1, layer: 0, units: 32);

        Assert.Equal(whole[64..], Fill(new(1, 0, 2, 0.5), lanes: 1, time: 1, layer: 0, units: 32));
    }

    [Fact]
    public void LockedMasks_AreTheSameAtAllTimes_AndOthersOnEachLane()
    {
        const int Lanes = 3, Time = 4, Units = 64;
        var mask = Fill(new(1, 2, 0, new() { Between = 0.5, Locked = true }), Lanes, Time, layer: 0, Units);

        string[] rows = [.. Enumerable.Range(0, Time * Lanes).Select(row => Key(mask.AsSpan(row * Units, Units)))];
        for (int lane = 0; lane < Lanes; lane++)
            Assert.Single(rows.Where((_, row) => row % Lanes == lane).Distinct());
        Assert.Equal(Lanes, rows.Distinct().Count());
    }

    /// <summary>Of weights and vectors: the same for every block of lanes, others in each step, about the share asked for.</summary>
    [Fact]
    public void MasksOfParameters_KnowNoLanes()
    {
        const int Count = 10_000;
        float[] Weights(long step, int lane, int layer)
        {
            var mask = new float[Count];
            new DropoutMasks(1, step, lane, new() { Weight = 0.25 }).FillWeights(layer, mask);
            return mask;
        }

        float[] Vectors(long step, int lane) => [.. Enumerable.Range(0, Count).Select(
            token => new DropoutMasks(1, step, lane, new() { Embedding = 0.25 }).OfVector(0, token))];

        Assert.Equal(Weights(2, 0, 1), Weights(2, 5, 1));
        Assert.Equal(Vectors(2, 0), Vectors(2, 5));
        Assert.NotEqual(Weights(2, 0, 1), Weights(3, 0, 1));
        Assert.NotEqual(Weights(2, 0, 1), Weights(2, 0, 0));
        Assert.NotEqual(Vectors(2, 0), Vectors(3, 0));

        // Binomial: mean 2500, deviation 43; five deviations.
        Assert.All(
            [Weights(2, 0, 1), Vectors(2, 0)], mask => Assert.InRange(mask.Count(value => value == 0), 2500 - 217, 2500 + 217));
        Assert.All(Weights(2, 0, 1), value => Assert.True(value is 0 or (float)(1 / 0.75), $"{value}"));
    }

    [Fact]
    public void NoMasks_DropNothing()
    {
        Assert.False(DropoutMasks.None.IsActive);
        Assert.False(new DropoutMasks(1, 2, 3, 0).IsActive);
        Assert.All(Fill(new(1, 2, 0, 0), lanes: 2, time: 3, layer: 0, units: 16), value => Assert.Equal(1, value));
    }

    /// <summary>The mask of lanes of equal lengths: <c>[time][lane][unit]</c>.</summary>
    private static float[] Fill(DropoutMasks masks, int lanes, int time, int layer, int units)
    {
        var sequences = new FormulaSequences(Shape, [.. Enumerable.Repeat(time, lanes)], 1);
        var batch = new ChunkBatch(Shape);
        batch.Load(sequences, ChunkPlan.Create(sequences, lanes, ChunkSplit.OfLength(time)), 0, new(0, lanes));
        var mask = new float[batch.Rows * units];
        masks.Fill(batch, layer, units, mask);
        return mask;
    }

    private static string Key(ReadOnlySpan<float> mask) => Convert.ToHexString(MemoryMarshal.AsBytes(mask));
}
