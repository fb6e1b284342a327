using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Coordinators;

/// <summary>Rounding errors that trainers keep: part of the committed state that no coordinator has at every step.</summary>
public sealed class ErrorFeedbackTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 3, validationFraction: 0.2).WithFeedback() with
    {
        Checkpoint = new() { EverySteps = 4 },
    };

    private static readonly Lazy<Oracle> Expected = new(() => Oracle.Of(Spec));
    private static readonly ResumeRequest AsBefore = new(Protocol: ProtocolVersion.Current);

    [Fact]
    public void Feedback_IsAnotherResult_ThanRoundingByChance_OrNoRounding()
    {
        double[] losses = [Last(WireKind.Full), Last(WireKind.Bfloat16), Expected.Value.EpochLosses[^1]];

        Assert.Equal(3, losses.Distinct().Count());
        // A few steps of a small model: the rounding of bfloat16, one part in 256, moves the loss by less than that.
        Assert.All(losses, loss => Assert.Equal(losses[0], loss, losses[0] / 256));

        static double Last(WireKind wire) => Oracle.Of(Spec with { Train = Spec.Train with { Wire = wire } }).EpochLosses[^1];
    }

    [Theory]
    [InlineData(false, 6, new[] { 1 })]
    [InlineData(true, 6, new[] { 0, 2 })]
    [InlineData(true, 11, new[] { 0, 1, 2 })]
    public async Task Run_GoesBackToItsLastCheckpoint_ToTheSameBits_WhenTrainersAreLost(bool afterTheWork, int at, int[] lost)
    {
        var run = await fixture.TrainLosing(Spec, afterTheWork, lost, call => call.Method == nameof(ITrainerGrain.TrainChunk) && call.Step == at);

        RunAssert.SameBits(Expected.Value, run);
        Assert.Empty(run.Events.OfType<TrainersRecovered>());
        var back = Assert.Single(run.Events.OfType<RunWentBack>());
        Assert.Equal(at, back.Step);
        Assert.Equal(lost, back.Trainers);
        Assert.Matches(@"^trainer \d is lost: .*unplugged.*; the rounding errors of (its|their) gradients are gone$", back.Reason);
        var started = run.Events.OfType<RunStarted>().ToList();
        Assert.Equal(2, started.Count);
        Assert.InRange(started[1].Step, at - 7, at - 1);
        Assert.Equal(started[1].Step > 0, started[1].Checkpoint is not null);

        // Those that were not lost are found where they were.
        Assert.Equal(Enumerable.Range(0, 3).Select(trainer => lost.Contains(trainer) ? 1 : 0), run.Status.Trainers.Select(trainer => trainer.Place));
    }

    [Fact]
    public async Task Run_BeginsAgain_WhenTrainersAreLostBeforeTheFirstCheckpoint()
    {
        var run = await fixture.TrainLosing(Spec, afterTheWork: true, [2], call => call.Method == nameof(ITrainerGrain.TrainChunk) && call.Step == 2);

        RunAssert.SameBits(Expected.Value, run);
        var second = run.Events.OfType<RunStarted>().ElementAt(1);
        Assert.Equal((0L, null), (second.Step, second.Checkpoint));
    }

    /// <summary>The errors have just been fetched, for a checkpoint: the coordinator has all of the state.</summary>
    [Fact]
    public async Task StepBehindACheckpoint_IsRunAgain_AndNoOther()
    {
        fixture.Calls.Reset();
        int left = 1;
        fixture.Calls.After = call => call is { Method: nameof(ITrainerGrain.TrainChunk), Trainer: 1, Step: > 0 }
            && fixture.Calls.All.Any(other => other.Is(nameof(ITrainerGrain.GetErrors), 1, call.Step)) && Interlocked.Exchange(ref left, 0) == 1
            ? throw new InvalidOperationException("unplugged")
            : Task.CompletedTask;

        var run = await fixture.Silos.Train(Spec);

        RunAssert.SameBits(Expected.Value, run);
        Assert.Equal([1], Assert.Single(run.Events.OfType<TrainersRecovered>()).Trainers);
        Assert.Single(run.Events.OfType<RunStarted>());
    }

    [Fact]
    public async Task TrainerWhoseWorkFails_GivesItsErrors_AndTheStepIsRunAgain()
    {
        fixture.Calls.Reset();
        int left = 2;
        fixture.Calls.Instead = call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 6) && Interlocked.Decrement(ref left) >= 0 ? new TrainerFault("a hiccup of the disk") : null;

        var run = await fixture.Silos.Train(Spec);

        RunAssert.SameBits(Expected.Value, run);
        Assert.Equal(2, run.Events.OfType<TrainersRecovered>().Count());
        Assert.Empty(run.Events.OfType<RunWentBack>());
    }

    [Fact]
    public async Task Evaluation_BeginsAgain_FromTheLastCheckpoint_WhenATrainerIsLostInIt()
    {
        var run = await fixture.TrainLosing(Spec, afterTheWork: true, [1], call => call.Method == nameof(ITrainerGrain.EvaluateChunk) && call.Step == 1);

        RunAssert.SameBits(Expected.Value, run);
        Assert.Equal([1], Assert.Single(run.Events.OfType<RunWentBack>()).Trainers);
    }

    [Fact]
    public async Task TrainerThatDoesNotGiveItsErrors_IsLostWithThem()
    {
        fixture.Calls.Reset();
        int left = 1;
        fixture.Calls.Before = call => call is { Method: nameof(ITrainerGrain.GetErrors), Trainer: 2 } && Interlocked.Exchange(ref left, 0) == 1
            ? throw new InvalidOperationException("unplugged")
            : Task.CompletedTask;

        var run = await fixture.Silos.Train(Spec);

        RunAssert.SameBits(Expected.Value, run);
        Assert.Equal([2], Assert.Single(run.Events.OfType<RunWentBack>()).Trainers);
    }

    [Theory]
    [InlineData(nameof(ITrainerGrain.TrainChunk), 6, false)]
    [InlineData(nameof(ITrainerGrain.TrainChunk), 9, true)]
    [InlineData(nameof(ITrainerGrain.EvaluateChunk), 1, false)]
    [InlineData(nameof(ITrainerGrain.EvaluateChunk), 0, true)]
    public async Task PausedOrStoppedRun_ResumedIsTheRunThatNeverWas_AndRepeatsNothing(string method, long at, bool stop)
    {
        var (run, coordinator) = await fixture.InterruptedAt(Spec, method, at, grain => stop ? grain.StopRun("enough") : grain.PauseRun("lunch"));

        var finished = await fixture.Resume(run, coordinator, ends: stop ? 2 : 1);

        RunAssert.SameSteps(Expected.Value, finished);
        RunAssert.RepeatsNothing(finished);
    }

    [Fact]
    public async Task Pause_StandsWhileTheRunGoesBack()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 6));
        fixture.Calls.After = call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 6) ? throw new InvalidOperationException("unplugged") : Task.CompletedTask;
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        var pausing = coordinator.PauseRun("lunch");
        halt.GoOn();
        var paused = await pausing;
        fixture.Calls.Reset();

        Assert.Equal(("", RunState.Paused, "lunch"), (paused.Problem, paused.Status.State, paused.Status.Message));
        Assert.Empty(await Occupants(run));
        Assert.Equal("", (await coordinator.ResumeRun(AsBefore)).Problem);
        var finished = await fixture.Silos.Watch(run);
        RunAssert.SameBits(Expected.Value, finished);
        Assert.Single(finished.Events.OfType<RunWentBack>());
    }

    [Fact]
    public async Task RunThatGetsNoFurther_Fails_AndSaysWhy()
    {
        fixture.Calls.Reset();
        fixture.Calls.After = call => call is { Method: nameof(ITrainerGrain.TrainChunk), Trainer: 1, Step: 6 } ? throw new InvalidOperationException("unplugged") : Task.CompletedTask;

        var run = await fixture.Silos.Train(Spec);

        Assert.Equal(RunState.Failed, run.End.State);
        Assert.Matches("^the run has gone back to its last checkpoint 10 times without getting beyond step 6: trainer 1 is lost: .*unplugged", run.End.Message);
        Assert.Equal(11, run.Events.OfType<RunWentBack>().Count());
        RunAssert.Journal(run);
        Assert.Empty(await Occupants(RunId.Parse(run.Status.Id)));
    }

    [Fact]
    public async Task RunThatGoesBack_DoesNotQueueBehindOthers()
    {
        var calls = new TrainerCalls();
        await using var silos = await TestSilos.Start(1, silo => silo.AddIncomingGrainCallFilter(calls), slots: 3);
        using var halt = new Halt();
        var left = new HashSet<int>([0, 1, 2]);
        calls.Before = async call =>
        {
            lock (left)
            {
                if (call is not { Method: nameof(ITrainerGrain.TrainChunk), Step: 6 } || !left.Remove(call.Trainer))
                    return;
            }

            await halt.Pass();
            throw new InvalidOperationException("unplugged");
        };
        var run = await silos.Submit(Spec);
        await halt.Reached;
        var waiting = await silos.Submit(Spec);
        while (await silos.Grains.GetGrain<ICoordinatorGrain>(waiting.Text).GetStatus() is not { State: RunState.Queued })
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();

        halt.GoOn();
        var (finished, other) = (await silos.Watch(run), await silos.Watch(waiting));

        RunAssert.SameBits(Expected.Value, finished);
        Assert.Equal([0, 1, 2], Assert.Single(finished.Events.OfType<RunWentBack>()).Trainers);
        Assert.True(finished.End.Time <= other.Events.OfType<StepCommitted>().First().Time, "the run that was lost had to wait for the one behind it");
    }

    [Fact]
    public async Task Stop_DoesNotWaitForTheChunkAtWork()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 6));
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        await coordinator.StopRun("enough");

        // The chunk is still held back, and the step before it is saved.
        Assert.Equal((RunState.Stopped, 6L), ((await coordinator.GetStatus()).State, (await coordinator.GetStatus()).CheckpointStep));
        halt.GoOn();
        fixture.Calls.Reset();
        var finished = await fixture.Resume(run, coordinator, ends: 2);
        RunAssert.SameSteps(Expected.Value, finished);
        Assert.Empty(finished.Events.OfType<RunWarning>());
    }

    [Fact]
    public async Task RunResumedWithOtherTrainers_SharesOutTheErrors_AndSaysSo()
    {
        var (run, coordinator) = await fixture.InterruptedAt(Spec, nameof(ITrainerGrain.TrainChunk), 5, grain => grain.PauseRun("lunch"));

        Assert.Equal("", (await coordinator.ResumeRun(AsBefore with { Trainers = 2 })).Problem);
        var finished = await fixture.Silos.Watch(run);

        Assert.Equal(RunState.Completed, finished.End.State);
        Assert.Equal(
            "train.wire feeds rounding errors back, and the run goes on with 2 trainers from a checkpoint of 3: each begins with an even share of the former ones' errors, "
            + "and the model will be another one than theirs",
            Assert.Single(finished.Events.OfType<RunWarning>()).Message);
        var losses = Expected.Value.Steps.Select(step => step.Loss).ToArray();
        // Gradients of other shares are rounded otherwise, each by up to one part in 256.
        Assert.All(losses.Zip(finished.StepLosses), pair => Assert.Equal(pair.First, pair.Second, pair.First / 256));
    }

    /// <summary>The run's trainers on the silo, when they have had time to go: they do so behind the work at hand. Without being told they would stay for two minutes.</summary>
    private async Task<IReadOnlyList<SiloTrainer>> Occupants(RunId run)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var trainers = (await fixture.Silos.Grains.GetGrain<ICatalogGrain>(0).Describe()).Silos.SelectMany(silo => silo.Trainers).Where(trainer => trainer.Run == run).ToList();
            if (trainers.Count == 0 || TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(60))
                return trainers;
            await Task.Yield();
        }
    }
}
