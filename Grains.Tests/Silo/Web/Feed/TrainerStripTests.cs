using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Tests.Silo.Web.Feed;

public sealed class TrainerStripTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly TrainerStrip _strip = new();

    [Fact]
    public void Strip_TakesTwiceTheTimeForAColumn_WhenItIsFull()
    {
        for (int sample = 0; sample < 2 * TrainerStrip.Most; sample++)
            Add(sample, (TrainerState.Training, "silo-1"));

        Assert.Equal(TimeSpan.FromMilliseconds(500), _strip.Width);
        Assert.Equal(TrainerStrip.Most, _strip.Columns.Count);
        Assert.All(_strip.Columns.Values, cells => Assert.Equal((2, 2), (cells[0].Samples, cells[0].Compute)));
    }

    [Fact]
    public void Strip_CountsWhatEachTrainerDid()
    {
        TrainerState[] states =
        [
            TrainerState.Training, TrainerState.Evaluating, TrainerState.Waiting, TrainerState.Late, TrainerState.Lost,
            TrainerState.Placing, TrainerState.Released,
        ];
        var cell = new StripCell();
        foreach (var state in states)
            cell.Add(state, silo: 0);

        Assert.Equal((2, 1, 1, 2, 7), (cell.Compute, cell.Wait, cell.Late, cell.Recovery, cell.Samples));
    }

    [Fact]
    public void Strip_KnowsWhichSiloATrainerWasOn_AndThatAHomelessOneIsOnNone()
    {
        Add(0, (TrainerState.Training, "silo-1"), (TrainerState.Training, "silo-2"));
        Add(1, (TrainerState.Training, "silo-1"), (TrainerState.Lost, ""));
        Add(2, (TrainerState.Training, "silo-1"), (TrainerState.Training, "silo-1"));

        Assert.Equal(["silo-1", "silo-2"], _strip.Silos);
        Assert.Equal([1, -1, 0], _strip.Columns.Values.Select(cells => cells[1].Silo));
    }

    [Fact]
    public void Strip_BeginsWithTheRun_AndLeavesOpenWhatNobodySaw()
    {
        _strip.Add(Start.AddSeconds(10), [Status(0, TrainerState.Training, "silo-1")], begin: Start);

        Assert.Equal(Start, _strip.Begin);
        Assert.Equal(40, Assert.Single(_strip.Columns).Key);
    }

    [Theory]
    [InlineData(4, 5)]
    [InlineData(5, 2)]
    public void Strip_HasNoGap_WhenASampleComesALittleLate(int later, int columns)
    {
        Add(0, (TrainerState.Training, "silo-1"));
        Add(later, (TrainerState.Waiting, "silo-1"));

        Assert.Equal(columns, _strip.Columns.Count);
    }

    private void Add(int sample, params (TrainerState State, string Silo)[] trainers) =>
        _strip.Add(Start.AddMilliseconds(250 * sample), [.. trainers.Select((one, index) => Status(index, one.State, one.Silo))], Start);

    private static TrainerStatus Status(int index, TrainerState state, string silo) => new(index, index, 1, silo, "cpu", state);
}
