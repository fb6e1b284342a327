using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Data.Extending;

/// <summary>What a run trains on of series that grew, and with which hidden states.</summary>
public sealed class ExtendedSeriesTests : ExtendedData
{
    [Fact]
    public void Series_ContinueEachInTheirLane_AndNewOnesBeginAtZero()
    {
        RunSpec child = Panel(rows: 21, "a", "b");
        Append("a", 21, 31);
        Append("b", 21, 36);
        Append("c", 0, 6);

        using var run = Parent.Open(child);

        Assert.Equal(["a", "b", "c"], Enumerable.Range(0, 3).Select(run.Data.Training.SeriesOf));
        Assert.Equal([Numbers(20, 30), Numbers(20, 35), Numbers(0, 5)], Enumerable.Range(0, 3).Select(i => run.Data.Training.Inputs(i)));
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(run.Data.Training.Continues));
        Assert.Equal([0, 1], run.ContinuedLanes);
        ChunkPlan plan = new EpochPlans(run.Spec, run.Data).Training(0);
        Assert.Equal(
            [new(0, 0, 10, false, Continues: true), new(1, 0, 10, false, Continues: true), new(2, 0, 5, true), new(1, 10, 5, false)],
            [plan[0, 0], plan[0, 1], plan[1, 0], plan[1, 1]]);
    }

    [Fact]
    public void SeriesWithoutNewRows_AreLeftOut()
    {
        RunSpec child = Panel(rows: 21, "a", "b");
        Append("b", 21, 31);

        using var run = Parent.Open(child with { Data = child.Data with { BatchSize = 1 } });

        Assert.Equal("b", run.Data.Training.SeriesOf(0));
        Assert.Equal([1], run.ContinuedLanes);
    }

    /// <summary>Of 3 series in 2 lanes one has lost its hidden state to the one behind it.</summary>
    [Fact]
    public void SeriesThatShareALane_ContinueFromHiddenStateZeroAlone()
    {
        RunSpec child = Panel(rows: 21, "a", "b", "c");
        child = Parent.Write(Directory, child with { Extends = null, Data = child.Data with { BatchSize = 2 } });
        Append("a", 21, 31);
        Append("c", 21, 31);

        Assert.Matches("^extends.replay: found 0 with a parent that had 2 lanes for 3 series, 20 to 20 time steps long, expected a lane "
            + "for each series in the parent.*; write extends.replay: 1 or more, with which each series begins at hidden state zero$",
            Parent.Problem(child));
        using var run = Parent.Open(child.Replaying(1));
        Assert.Equal([Numbers(10, 30), Numbers(10, 30)], Enumerable.Range(0, 2).Select(i => run.Data.Training.Inputs(i)));
    }
}
