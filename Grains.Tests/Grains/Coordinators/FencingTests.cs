using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Coordinators;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Coordinators;

public sealed class FencingTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 2);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Coordinator_EndsAndWritesNoMore_WhenANewerOneHasTakenOver(bool losesATrainer)
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 4));
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        await Shown(coordinator, steps: 4);
        var directory = fixture.Silos.Directory(run);
        string[] files = [directory.Metrics, directory.Status];
        string[] before = [.. files.Select(File.ReadAllText)];

        int generation = Store().TakeGeneration(run);
        if (losesATrainer)
            fixture.Calls.After = call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 4) ? throw new InvalidOperationException("unplugged") : Task.CompletedTask;
        halt.GoOn();
        await coordinator.StopRun("waits for the end").WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        var status = await coordinator.GetStatus();
        Assert.True(status.Generation < generation);
        Assert.True(status.HasEnded);
        Assert.Equal(before, files.Select(File.ReadAllText));
        Assert.False(File.Exists(directory.Model));
        Assert.Equal(generation, Directory.EnumerateFiles(directory.Generations).Max(path => int.Parse(Path.GetFileName(path))));
    }

    [Fact]
    public async Task Coordinator_IsFailed_WhenATrainerHasMetANewerGeneration()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 3));
        fixture.Calls.Instead = call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 3) ? new Refusal("a newer one has begun", 99) : null;
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;
        halt.GoOn();
        var finished = await fixture.Silos.Watch(run);

        Assert.Equal(RunState.Failed, finished.End.State);
        Assert.Contains("generation 99", finished.End.Message);
        Assert.Empty(finished.Events.OfType<TrainersRecovered>());
    }

    [Fact]
    public async Task Start_DoesNothing_WhenTheRunHasEnded()
    {
        fixture.Calls.Reset();
        var run = await fixture.Silos.Train(Spec);
        string metrics = await File.ReadAllTextAsync(run.Directory.Metrics, TestContext.Current.CancellationToken);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Status.Id);

        await fixture.Silos.Cluster.DeactivateAsync(coordinator);
        await coordinator.Start(Spec);
        await coordinator.StopRun("too late");

        Assert.Equal(RunState.Completed, (await coordinator.GetStatus()).State);
        Assert.Equal(metrics, await File.ReadAllTextAsync(run.Directory.Metrics, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task LostRun_IsBuriedOnce_HoweverManyAsk()
    {
        var run = RunId.Parse("lost-1");
        var store = Store();
        Assert.True(store.TryCreate(Spec, Starting(run, DateTimeOffset.UnixEpoch)));
        store.TakeGeneration(run);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        var statuses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => coordinator.GetStatus()));

        Assert.All(statuses, status => Assert.Equal(RunState.Failed, status.State));
        Assert.Single(await File.ReadAllLinesAsync(store.Of(run).Metrics, TestContext.Current.CancellationToken));
        Assert.Equal(2, store.Of(run).ReadStatus()!.Generation);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LostRun_GoesOnInItsJournal_WhereTheKilledCoordinatorStopped(bool endWasWritten)
    {
        var run = RunId.Parse(endWasWritten ? "lost-2" : "lost-3");
        var store = Store();
        Assert.True(store.TryCreate(Spec, Starting(run, DateTimeOffset.UnixEpoch)));
        var killed = new RunProgress(store.Of(run).ReadStatus()!, store, TimeProvider.System);
        for (int step = 1; step <= 3; step++)
            killed.Commit(step, 0, new(1, 2, 3, 4), 1, TimeSpan.Zero);
        if (endWasWritten)
            killed.Journal.Append(new RunEnded { Generation = killed.Generation, State = RunState.Diverged, Message = "its own words", Step = 3, Seconds = 1 });
        await killed.Journal.Flush();
        if (!endWasWritten)
            await File.AppendAllTextAsync(store.Of(run).Metrics, "{\"type\":\"st", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync($"{store.Of(run).Status}.{killed.Generation}.tmp", "{\"id\":\"lo", TestContext.Current.CancellationToken);

        var finished = await fixture.Silos.Watch(run);

        RunAssert.Journal(finished);
        Assert.Equal(3, finished.Events.OfType<StepCommitted>().Count());
        Assert.Equal(endWasWritten ? RunState.Diverged : RunState.Failed, finished.Status.State);
        Assert.Equal(finished.Status.Message, finished.End.Message);
        Assert.Throws<RunEndedException>(killed.EnsureInForce);
        killed.Journal.Append(new RunEnded { State = RunState.Completed, Message = "", Step = 3, Seconds = 1 });
        await Assert.ThrowsAsync<IOException>(killed.Journal.Flush);
        Assert.Equal(finished.Lines, await File.ReadAllLinesAsync(store.Of(run).Metrics, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task SubmittedRun_IsNotTakenForLost_BeforeItsCoordinatorHasBegun()
    {
        var run = RunId.Parse("young-1");
        var store = Store();
        Assert.True(store.TryCreate(Spec, Starting(run, TimeProvider.System.GetUtcNow())));
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        Assert.Equal(RunState.Starting, (await coordinator.GetStatus()).State);
        Assert.Empty((await coordinator.ReadEvents(0, 10)).Lines);
        fixture.Calls.Reset();
        await coordinator.Start(Spec);

        Assert.Equal(RunState.Completed, (await fixture.Silos.Watch(run)).End.State);
    }

    private static RunStatus Starting(RunId run, DateTimeOffset at) => new()
    {
        Id = run.Text, Name = Spec.Name, State = RunState.Starting, Epochs = Spec.Train.Epochs, SubmittedAt = at, UpdatedAt = at,
    };

    private static async Task Shown(ICoordinatorGrain coordinator, int steps)
    {
        while ((await coordinator.ReadEvents(0, 10_000)).Lines.Select(RunJson.ReadEvent).OfType<StepCommitted>().Count() < steps)
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private RunStore Store() => new(Options.Create(new TbpttGrainsOptions { RunsDirectory = fixture.Silos.Store }));
}
