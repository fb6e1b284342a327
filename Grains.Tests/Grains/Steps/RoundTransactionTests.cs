using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>What is true of a step is true of a round of local steps.</summary>
public sealed class RoundTransactionTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    /// <summary>Epochs of 9 steps: rounds of 4, 4 and 1.</summary>
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, validationFraction: 0.2).InRounds(4);
    private static readonly Lazy<Oracle> Expected = new(() => Oracle.Of(Spec));
    private static readonly ResumeRequest AsBefore = new(Protocol: ProtocolVersion.Current);

    /// <summary>Whether the work was done, the step that the round begins after, its steps, and which trainers.</summary>
    public static TheoryData<bool, int, int, int[]> Failures { get; } = new()
    {
        { false, 0, 4, [0] },
        { true, 0, 4, [2] },
        { true, 4, 4, [0, 2] },
        { false, 8, 1, [1] },
        { true, 9, 4, [1] },
        { false, 13, 4, [0, 1, 2] },
        { true, 17, 1, [0] },
    };

    [Theory, MemberData(nameof(Failures))]
    public async Task Round_IsRunAgainWithTheSameBits_WhenTrainersAreLostInIt(bool afterTheWork, int at, int steps, int[] lost)
    {
        var run = await fixture.TrainLosing(Spec, afterTheWork, lost, call => call.Method == nameof(ITrainerGrain.TrainRound)
            && call.Step == at);

        RunAssert.SameBits(Expected.Value, run);
        Assert.Equal(steps, RunAssert.RecoveredOnce(run, after: at, lost).Steps);
    }

    [Fact]
    public async Task Evaluation_BeginsAgainWithTheSameBits_WhenATrainerIsLostInIt()
    {
        var run = await fixture.TrainLosing(Spec, afterTheWork: true, [1], call => call.Method == nameof(ITrainerGrain.EvaluateChunk)
            && call.Step == 1);

        RunAssert.SameBits(Expected.Value, run);
        Assert.Null(Assert.Single(run.Events.OfType<TrainersRecovered>()).Steps);
    }

    /// <summary>Rounds of minutes, if nobody ended them: the test's own patience is shorter.</summary>
    [Fact]
    public async Task OthersGoNoFurther_WhenATrainerIsLostInARound()
    {
        var spec = TestSpecs.Average(trainers: 3).InRounds(100_000);
        spec = spec with { Data = spec.Data with { Source = new AverageSource { Sequences = 6, SequenceLength = 10_000_000 } } };
        fixture.Calls.Reset();
        int rounds = 0;
        var secondTime = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        fixture.Calls.Before = call =>
        {
            if (call.Method != nameof(ITrainerGrain.TrainRound))
                return Task.CompletedTask;
            if (Interlocked.Increment(ref rounds) == 6)
                secondTime.SetResult();
            return call is { Trainer: 1, Generation: 1 } ? throw new InvalidOperationException("unplugged") : Task.CompletedTask;
        };
        var run = await fixture.Silos.Submit(spec);

        await secondTime.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text).StopRun("seen enough");
        var finished = await fixture.Silos.Watch(run);

        Assert.Equal((RunState.Stopped, 0L), (finished.End.State, finished.End.Step));
        var recovery = Assert.Single(finished.Events.OfType<TrainersRecovered>());
        Assert.Equal([1], recovery.Trainers);
        Assert.DoesNotContain("trainer 0", recovery.Reason);
        Assert.Equal(100_000, recovery.Steps);
    }

    [Fact]
    public async Task Trainers_AreAskedOnceARound()
    {
        fixture.Calls.Reset();

        var run = await fixture.Silos.Train(Spec);

        RunAssert.SameBits(Expected.Value, run);
        Assert.DoesNotContain(fixture.Calls.All, call => call.Method == nameof(ITrainerGrain.TrainChunk));
        Assert.Equal(
            [0L, 4, 8, 9, 13, 17],
            fixture.Calls.All.Where(call => call.Method == nameof(ITrainerGrain.TrainRound) && call.Trainer == 1)
                .Select(call => call.Step));
    }

    [Theory]
    [InlineData(nameof(ITrainerGrain.TrainRound), 4, false)]
    [InlineData(nameof(ITrainerGrain.TrainRound), 8, false)]
    [InlineData(nameof(ITrainerGrain.TrainRound), 9, true)]
    [InlineData(nameof(ITrainerGrain.EvaluateChunk), 0, false)]
    public async Task PausedOrStoppedRun_ResumedIsTheRunThatNeverWas(string method, long at, bool stop)
    {
        var (run, coordinator) =
            await fixture.InterruptedAt(Spec, method, at, grain => stop ? grain.StopRun("enough") : grain.PauseRun("lunch"));

        var finished = await fixture.Resume(run, coordinator, ends: stop ? 2 : 1);

        RunAssert.SameSteps(Expected.Value, finished);
        RunAssert.RepeatsNothing(finished);
    }

    [Fact]
    public async Task RunResumedWithOtherTrainers_SaysWhatBecomesOfTheirOptimizers()
    {
        var (run, coordinator) = await fixture.InterruptedAt(Spec, nameof(ITrainerGrain.TrainRound), 9, grain => grain.PauseRun("lunch"));

        Assert.Equal("", (await coordinator.ResumeRun(AsBefore with { Trainers = 4 })).Problem);
        var finished = await fixture.Silos.Watch(run);

        Assert.Equal(RunState.Completed, finished.End.State);
        Assert.Equal([3, 4], finished.Events.OfType<RunStarted>().Select(started => started.Trainers));
        Assert.Equal(
            "the run continues in 4 shards from a checkpoint of 3: train.sync is local, each begins with the mean of the former shards' "
            + "optimizer states, and the model will differ from theirs",
            Assert.Single(finished.Events.OfType<RunWarning>()).Message);
        Assert.Equal(18, finished.StepLosses.Length);
        Bits.Same(Expected.Value.Steps.Take(13).Select(step => step.Loss), finished.StepLosses.Take(13));
    }

    [Fact]
    public async Task DivergingRun_ReportsStepAndTrainer_AndCommitsNothingOfTheRound()
    {
        fixture.Calls.Reset();

        var run = await fixture.Silos.Train(Spec with
        {
            Train = Spec.Train with { ClipNorm = null, Optimizer = new Sgd { Lr = 1e30 } },
        });

        Assert.Equal((RunState.Diverged, 0L), (run.End.State, run.End.Step));
        Assert.Matches(@"^step [2-4], shard \d: .+ at .+\[.+\]$", run.End.Message);
        Assert.Empty(run.StepLosses);
        RunAssert.Journal(run);
    }
}
