using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;
using static Orleans.Tbptt.Tests.Grains.Checkpoints.CheckpointFixture;

namespace Orleans.Tbptt.Tests.Grains.Checkpoints;

public sealed class PendingCheckpointsTests
{
    private readonly PendingCheckpoints _pending = new(States.Spec());
    private readonly TrainingState _state = new(States.Spec());

    [Fact]
    public void Latest_TakesThePlaceOfTheFormer()
    {
        Add();
        Add();

        Assert.Equal([2], TakeAll());
    }

    [Fact]
    public void Best_IsNotLostToTheLatest_AndGoesFirstWhenItIsOlder()
    {
        Add(best: 0.5);
        Add();
        Add();

        Assert.Equal([1, 3], TakeAll());
    }

    [Fact]
    public void Latest_GoesFirst_WhenItIsOlder()
    {
        Add();
        Add(best: 0.5);

        Assert.Equal([1, 2], TakeAll());
    }

    [Fact]
    public void BetterOne_TakesThePlaceOfTheBest_AndAWorseOneThatOfTheLatest()
    {
        Add(best: 0.5);
        Add(best: 0.4);
        Add();
        Add(best: 0.45);

        Assert.Equal([2, 4], TakeAll());
    }

    [Fact]
    public void IsFree_UnlessOneIsInHandOrTheLatestWaits()
    {
        Assert.True(_pending.IsFree);
        Add();
        Assert.False(_pending.IsFree);
        _pending.Take();
        Assert.False(_pending.IsFree);
        _pending.Written();
        Assert.True(_pending.IsFree);
    }

    [Fact]
    public void BestThatFailed_WaitsForAnotherTime_AndHoldsNothingUp()
    {
        Add(best: 0.5);
        _pending.Take();
        Add();
        _pending.Failed(giveUpLatest: true);

        Assert.True(_pending.IsFree);
        Assert.Null(_pending.Take(after: 1));
        Add();
        Assert.Equal([1, 3], TakeAll());
    }

    [Fact]
    public void BestThatFailed_GivesWayToABetterOneThatCameMeanwhile()
    {
        Add(best: 0.5);
        _pending.Take();
        Add(best: 0.4);
        _pending.Failed(giveUpLatest: true);

        Assert.Equal([2], TakeAll());
    }

    [Fact]
    public void LatestThatFailed_IsGivenUp_AndTheOtherIsKeptWhereItIsToBeTried()
    {
        Add();
        _pending.Take();
        Add(best: 0.5);
        Add();
        _pending.Failed(giveUpLatest: false);

        Assert.Equal([2, 3], TakeAll());
    }

    [Fact]
    public void FirstState_IsCopiedWithoutAnAllocationOfItsSize_WhenTheSnapshotWasPrepared()
    {
        long unprepared = Allocated(() => Add());
        var prepared = new PendingCheckpoints(States.Spec());
        prepared.Prepare();

        long allocated = Allocated(() => prepared.Add(_state, About()));

        int buffer = sizeof(float) * _state.Parameters.Length;
        Assert.InRange(unprepared, 3 * buffer, long.MaxValue);
        Assert.InRange(allocated, 0, buffer);
    }

    [Fact]
    public void Snapshots_AreThreeAtMost_AndUsedAgain()
    {
        var seen = new HashSet<TrainingSnapshot>();
        for (int i = 0; i < 20; i++)
        {
            Add();
            Add(best: 1.0 / (i + 1));
            Add();
            if (_pending.Take() is { } one)
                seen.Add(one.Snapshot);
            Add();
            Add(best: 0.5 / (i + 1));
            if (i % 3 == 0)
                _pending.Failed(giveUpLatest: true);
            else
                _pending.Written();
        }

        Assert.InRange(seen.Count, 1, 3);
    }

    private static long Allocated(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private void Add(double? best = null)
    {
        States.Advance(_state, 1);
        _pending.Add(_state, About(bestLoss: best));
    }

    /// <summary>The steps of what waits, in order; each holds the state of that step.</summary>
    private List<int> TakeAll()
    {
        List<int> steps = [];
        while (_pending.Take() is { } one)
        {
            var state = new TrainingState(States.Spec());
            state.Restore(one.Snapshot);
            States.AssertSame(States.After(States.Spec(), (int)one.Snapshot.Step), state);
            steps.Add((int)one.Snapshot.Step);
            _pending.Written();
        }

        return steps;
    }
}
