using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

public sealed class PauseTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 3, validationFraction: 0.2) with
    {
        Data = TestSpecs.Average().Data with { ValidationFraction = 0.2, Shuffle = true },
    };

    private static readonly Lazy<Oracle> Expected = new(() => Oracle.Of(Spec));
    private static readonly ResumeRequest AsBefore = new(Protocol: ProtocolVersion.Current);

    /// <summary>Where the run is interrupted: in a step of an epoch, at its last one, and in an evaluation.</summary>
    public static TheoryData<string, long> Places { get; } = new()
    {
        { nameof(ITrainerGrain.TrainChunk), 4 },
        { nameof(ITrainerGrain.TrainChunk), 8 },
        { nameof(ITrainerGrain.TrainChunk), 9 },
        { nameof(ITrainerGrain.EvaluateChunk), 0 },
        { nameof(ITrainerGrain.EvaluateChunk), 2 },
    };

    [Theory, MemberData(nameof(Places))]
    public async Task PausedAndResumedRun_IsTheRunThatWasNeverPaused(string method, long at)
    {
        var (run, coordinator) = await fixture.InterruptedAt(Spec, method, at, grain => grain.PauseRun("lunch"));

        var paused = await coordinator.GetStatus();
        Assert.Equal((RunState.Paused, "lunch"), (paused.State, paused.Message));
        await coordinator.EnsureRunning();
        await fixture.Silos.Cluster.DeactivateAsync(coordinator);
        Assert.Equal(RunState.Paused, (await coordinator.GetStatus()).State);
        Assert.Equal("", (await coordinator.PauseRun("again")).Problem);
        Assert.DoesNotContain(run, (await fixture.Silos.Grains.GetGrain<ICatalogGrain>(0).Describe()).Silos.SelectMany(silo =>
            silo.Trainers).Select(trainer => trainer.Run));
        Assert.Equal("", (await coordinator.ResumeRun(AsBefore)).Problem);
        var finished = await fixture.Silos.Watch(run);

        RunAssert.SameBits(Expected.Value, finished);
        Assert.Single(finished.Events.OfType<RunPaused>());
        RunAssert.RepeatsNothing(finished);
    }

    [Theory, MemberData(nameof(Places))]
    public async Task StoppedAndResumedRun_IsTheRunThatWasNeverStopped(string method, long at)
    {
        var (run, coordinator) = await fixture.InterruptedAt(Spec, method, at, grain => grain.StopRun("enough"));
        Assert.Equal(RunState.Stopped, (await coordinator.GetStatus()).State);

        var finished = await fixture.Resume(run, coordinator, ends: 2);

        RunAssert.SameSteps(Expected.Value, finished);
        Assert.Equal([RunState.Stopped, RunState.Completed], finished.Events.OfType<RunEnded>().Select(end => end.State));
        RunAssert.RepeatsNothing(finished);
    }

    [Theory]
    [InlineData(nameof(ITrainerGrain.TrainChunk), 5, 2)]
    [InlineData(nameof(ITrainerGrain.TrainChunk), 4, 1)]
    [InlineData(nameof(ITrainerGrain.EvaluateChunk), 1, 2)]
    public async Task RunResumedWithFewerTrainers_GivesTheSameBits(string method, long at, int trainers)
    {
        var (run, coordinator) = await fixture.InterruptedAt(Spec, method, at, grain => grain.PauseRun("lunch"));

        Assert.Equal("", (await coordinator.ResumeRun(AsBefore with { Trainers = trainers })).Problem);
        var finished = await fixture.Silos.Watch(run);

        RunAssert.SameBits(Expected.Value, finished);
        RunAssert.RepeatsNothing(finished);
        Assert.Equal([3, trainers], finished.Events.OfType<RunStarted>().Select(started => started.Trainers));
        Assert.All(finished.Events.OfType<RunStarted>(), started => Assert.Equal(3, started.Shards));
    }

    [Fact]
    public async Task RunResumedWithMoreThreads_GivesTheSameBits_AndTakesTheirSlots()
    {
        var (run, coordinator) = await fixture.InterruptedAt(Spec, nameof(ITrainerGrain.TrainChunk), 5, grain => grain.PauseRun("lunch"));
        var catalog = fixture.Silos.Grains.GetGrain<ICatalogGrain>(0);
        int slots = (await catalog.Describe()).Silos[0].Slots;
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 7));

        var refused = await coordinator.ResumeRun(AsBefore with { Sets = [$"train.threads={slots + 1}"] });
        Assert.Contains($"train.threads: found {slots + 1}, expected 1 to {slots}, the slots of the largest silo", refused.Problem,
            StringComparison.Ordinal);
        Assert.Equal("", (await coordinator.ResumeRun(AsBefore with { Sets = ["train.threads=2"] })).Problem);
        await halt.Reached;
        var trainers = (await catalog.Describe()).Silos[0].Trainers.Where(trainer => trainer.Run == run).ToList();
        halt.Continue();
        var finished = await fixture.Silos.Watch(run);

        Assert.Equal([2, 2, 2], trainers.Select(trainer => trainer.Slots));
        RunAssert.SameBits(Expected.Value, finished);
        RunAssert.RepeatsNothing(finished);
    }

    [Fact]
    public async Task RunResumedWithMoreTrainersThanShards_GivesTheSameWithinRounding()
    {
        var (run, coordinator) = await fixture.InterruptedAt(Spec, nameof(ITrainerGrain.TrainChunk), 5, grain => grain.PauseRun("lunch"));

        var refused = await coordinator.ResumeRun(AsBefore with { Trainers = 7 });
        Assert.Equal("", (await coordinator.ResumeRun(AsBefore with { Trainers = 5 })).Problem);
        var finished = await fixture.Silos.Watch(run);

        Assert.Contains("expected 1 to 6", refused.Problem);
        Assert.Equal(RunState.Completed, finished.End.State);
        Assert.Equal([3, 5], finished.Events.OfType<RunStarted>().Select(started => started.Trainers));
        var losses = Expected.Value.Steps.Select(step => step.Loss).ToArray();
        Assert.Equal(losses.Length, finished.StepLosses.Length);
        // Sums over other shares of the lanes round otherwise, in the last bits of float32.
        Assert.All(losses.Zip(finished.StepLosses), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * pair.First));
    }

    [Fact]
    public async Task Resume_IsRefused_WhereThereIsNothingToContinueWith()
    {
        fixture.Calls.Reset();
        var finished = await fixture.Silos.Train(Spec);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(finished.Status.Id);

        Assert.Contains("completed", (await coordinator.ResumeRun(AsBefore)).Problem);
        Assert.Contains("completed", (await coordinator.PauseRun("too late")).Problem);
        Assert.Contains("protocol 0", (await coordinator.ResumeRun(new())).Problem);
        Assert.Equal(finished.Lines, await File.ReadAllLinesAsync(finished.Directory.Metrics, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task PausedRun_IsStopped_WithoutBeingTrained()
    {
        var (run, coordinator) = await fixture.InterruptedAt(Spec, nameof(ITrainerGrain.TrainChunk), 4, grain => grain.PauseRun("lunch"));
        long step = (await coordinator.GetStatus()).Step;

        await coordinator.StopRun("enough");

        Assert.Equal((RunState.Stopped, step), ((await coordinator.GetStatus()).State, (await coordinator.GetStatus()).Step));
        RunAssert.Journal(await fixture.Silos.Watch(run));
    }
}
