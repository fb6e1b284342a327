using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

public sealed class WatcherTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    [Fact]
    public async Task ManyWatchers_AllSeeTheWholeRun_AndDoNotHoldItUp()
    {
        fixture.Calls.Reset();
        var spec = TestSpecs.Average(trainers: 2, epochs: 10);
        var run = await fixture.Silos.Submit(spec);

        var watchers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => fixture.Silos.Watch(run)))
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        RunAssert.SameBits(Oracle.Of(spec), watchers[0]);
        Assert.All(watchers, watcher => Assert.Equal(watchers[0].Lines, watcher.Lines));
    }

    [Fact]
    public async Task Watchers_AreAnswered_WhileAStepIsInFlight()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 4));
        var spec = TestSpecs.Average(trainers: 3) with { Device = DeviceName.Cpu };
        var run = await fixture.Silos.Submit(spec);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        await halt.Reached;
        while ((await coordinator.GetStatus()).Trainers.Count(trainer => trainer.State == TrainerState.Waiting) < 2)
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();

        var status = await coordinator.GetStatus();
        var waiting = Enumerable.Range(0, 20).Select(_ => coordinator.ReadEvents(status.LastEvent, 10)).ToList();
        Assert.Equal(status.Step, (await coordinator.GetStatus()).Step);
        halt.Continue();

        Assert.Equal((RunState.Running, 4L, 1, 2), (status.State, status.Step, status.Epoch, status.Epochs));
        Assert.Equal([TrainerState.Waiting, TrainerState.Training, TrainerState.Waiting], status.Trainers.Select(trainer => trainer.State));
        Assert.Equal([(0, 2), (2, 2), (4, 2)], status.Trainers.Select(trainer => (trainer.FirstLane, trainer.Lanes)));
        Assert.All(status.Trainers, trainer => Assert.Equal("cpu", trainer.Device));
        Assert.Equal(4L, status.EpochStep);
        Assert.True(status.StepsPerSecond >= 0 && status.SequenceSteps > 0 && status.Loss > 0);
        Assert.Null(status.EndedAt);
        Assert.All(await Task.WhenAll(waiting), page => Assert.Equal(status.LastEvent + 1, RunJson.ReadEvent(page.Lines[0]).Number));
        Assert.Equal(RunState.Completed, (await fixture.Silos.Watch(run)).End.State);
    }
}
