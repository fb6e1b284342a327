using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Journal;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

public sealed class FencingTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 2);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Coordinator_LeavesTheRunAsItIs_AndAnotherContinues_WhenANewerOneHasTakenOver(bool losesATrainer)
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 4));
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        await Shown(coordinator, steps: 4);

        int generation = Store().TakeGeneration(run);
        if (losesATrainer)
            fixture.Calls.After = call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 4) && call.Generation < generation
                ? throw new InvalidOperationException("unplugged") : Task.CompletedTask;
        halt.Continue();
        var finished = await fixture.Silos.Watch(run);

        // Nobody stood behind the generation in between; the next coordinator is the one that the supervisor has made.
        RunAssert.SameBits(Oracle.Of(Spec), finished);
        Assert.All(finished.Events.OfType<StepCommitted>().Where(step => step.Step > 4), step => Assert.True(step.Generation > generation));
        Assert.Equal(2, finished.Events.OfType<RunStarted>().Count());
    }

    [Fact]
    public async Task Trainer_IsReplaced_WhenItSpeaksOfAGenerationThatTheRunStoreDoesNotKnow()
    {
        fixture.Calls.Reset();
        int left = 1;
        fixture.Calls.Instead = call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 3) && Interlocked.Decrement(ref left) == 0
            ? new Refusal("a newer one has begun", 99) : null;

        var finished = await fixture.Silos.Train(Spec);

        RunAssert.SameBits(Oracle.Of(Spec), finished);
        Assert.Equal([1], Assert.Single(finished.Events.OfType<TrainersRecovered>()).Trainers);
        Assert.True(finished.Status.Trainers[1].Place > 0);
    }

    [Fact]
    public async Task Start_DoesNothing_WhenTheRunHasEnded()
    {
        fixture.Calls.Reset();
        var run = await fixture.Silos.Train(Spec);
        string metrics = await File.ReadAllTextAsync(run.Directory.Metrics, TestContext.Current.CancellationToken);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Status.Id);

        await fixture.Silos.Cluster.DeactivateAsync(coordinator);
        await coordinator.EnsureRunning();
        await coordinator.StopRun("too late");

        Assert.Equal(RunState.Completed, (await coordinator.GetStatus()).State);
        Assert.Equal(metrics, await File.ReadAllTextAsync(run.Directory.Metrics, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_ContinuesInItsJournal_WhereTheKilledCoordinatorStopped(bool endWasWritten)
    {
        fixture.Calls.Reset();
        var spec = Spec with { Name = "lost" };
        var oracle = Oracle.Of(spec);
        var run = RunId.Parse(endWasWritten ? "lost-1" : "lost-2");
        var store = Store();
        Assert.Equal(RunBirth.Born, store.Create(spec, Starting(run, "elsewhere")));
        var killed = Killed(store, run);
        for (int step = 1; step <= 3; step++)
            killed.Commit(step, 0, [oracle.Steps[step - 1]], (long)oracle.Steps[step - 1].Weight, TimeSpan.Zero);
        if (endWasWritten)
            killed.Journal.Append(new RunEnded { Generation = killed.Generation, State = RunState.Diverged, Message = "its own words",
                Step = 3, Seconds = 1 });
        await killed.Journal.Flush();
        if (!endWasWritten)
            await File.AppendAllTextAsync(store.Of(run).Metrics, "{\"type\":\"st", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync($"{store.Of(run).Status}.{killed.Generation}.tmp", "{\"id\":\"lo",
            TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(store.Of(run).Status, RunJson.Write(Starting(run, Cluster)), TestContext.Current.CancellationToken);

        var finished = await fixture.Silos.Watch(run);

        if (endWasWritten)
        {
            await Ended(run);
            Assert.Equal((RunState.Diverged, "its own words"), (store.Of(run).ReadStatus()!.State, store.Of(run).ReadStatus()!.Message));
            Assert.Equal(4, finished.Lines.Count);
        }
        else
        {
            RunAssert.SameBits(oracle, finished);
            Assert.All(finished.Events.OfType<StepCommitted>(), step => Assert.Equal(step.Step <= 3, step.Generation == killed.Generation));
        }

        Assert.Throws<SupersededException>(killed.EnsureInForce);
        killed.Journal.Append(new RunEnded { State = RunState.Completed, Message = "", Step = 3, Seconds = 1 });
        await Assert.ThrowsAsync<IOException>(killed.Journal.Flush);
        Assert.Equal(finished.Lines, await File.ReadAllLinesAsync(store.Of(run).Metrics, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Run_OfAnotherCluster_IsLeftAlone()
    {
        var run = RunId.Parse("foreign-1");
        var store = Store();
        store.Create(Spec, Starting(run, "elsewhere"));
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        await coordinator.EnsureRunning();

        Assert.Equal(RunState.Starting, (await coordinator.GetStatus()).State);
        Assert.Empty((await coordinator.ReadEvents(0, 10)).Lines);
        Assert.Empty(Directory.GetFiles(store.Of(run).Generations));
    }

    private static RunProgress Killed(RunStore store, RunId run)
    {
        var fence = new RunFence(store, run);
        var journal = new RunJournal(store.Of(run).Metrics, fence.Unfinished, () => fence.IsInForce, TimeProvider.System);
        return new(store.Of(run).ReadStatus()!, fence, journal, new(store.Of(run).Metrics, 0, Spec.Train.Trainers), store,
            TimeProvider.System);
    }

    private async Task Ended(RunId run)
    {
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        while (!(await coordinator.GetStatus()).HasEnded)
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private string Cluster => fixture.Silos.Cluster.Options.ClusterId;

    private RunStatus Starting(RunId run, string cluster) => new()
    {
        Id = run.Text, Name = Spec.Name, State = RunState.Starting, Epochs = Spec.Train.Epochs, Cluster = cluster,
        Directory = fixture.Silos.Directory(run).Path,
    };

    private static async Task Shown(ICoordinatorGrain coordinator, int steps)
    {
        while ((await coordinator.ReadEvents(0, 10_000)).Lines.Select(RunJson.ReadEvent).OfType<StepCommitted>().Count() < steps)
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private RunStore Store() => new(Options.Create(new TbpttGrainsOptions { RunsDirectory = fixture.Silos.Store }));
}
