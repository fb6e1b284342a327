using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Replay;

/// <summary>States of runs that were trained by grains, computed again from their directories.</summary>
[Slow]
public sealed class RunReplayTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private const string InRounds = "rounds of local steps";

    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 4) with
    {
        Data = TestSpecs.Average().Data with { ValidationFraction = 0.2, Shuffle = true },
        Checkpoint = new() { EverySteps = 7, EverySeconds = 0, KeepLast = 3, KeepBest = 0 },
    };

    private static readonly Dictionary<string, Func<RunSpec, RunSpec>> Recipes = new()
    {
        ["plain"] = spec => spec,
        ["all"] = spec => spec with
        {
            Checkpoint = spec.Checkpoint with { KeepBest = 1 },
            Train = spec.Train with
            {
                Accumulate = 2, ClipValue = 1e-2, Ema = new() { Decay = 0.5, Warmup = true }, Output = OutputKind.Best,
                Schedule = new ReduceOnPlateauSchedule { Patience = 0, Threshold = 0.5, Warmup = 2 }, Optimizer = new Sgd { Lr = 1 },
            },
        },
        ["random lengths"] = spec => spec with { Tbptt = spec.Tbptt with { RandomLength = new() } },
        [InRounds] = spec => spec.InRounds(3) with { Engine = new FusedEngine() },
    };

    public static TheoryData<string> All => [.. Recipes.Keys];

    [Theory, MemberData(nameof(All))]
    public async Task AnyState_IsThatOfTheRun_ToTheBit(string recipe)
    {
        fixture.Calls.Reset();
        var run = await fixture.Silos.Train(Recipes[recipe](Spec));
        var expected = States(run.Directory.ReadSpec());

        using var replay = RunReplay.Open(run.Directory, new() { Threads = 2 });
        foreach (long step in expected.Keys)
        {
            List<ReplayedStep> steps = [];
            replay.To(step, EpochEnd.Before, steps.Add, Cancellation);
            Orleans.Tbptt.Tests.Support.States.AssertSame(expected[step], replay.State);
            Assert.All(steps, one => Assert.Equal(Published(run, one.Step), (one.Step, one.Outcome.Loss, one.Outcome.LearningRate)));
        }

        // Backward, from the nearest checkpoint each time.
        foreach (long step in expected.Keys.Reverse().Where(step => step % 2 == 0))
        {
            replay.To(step, EpochEnd.Before, cancellation: Cancellation);
            Orleans.Tbptt.Tests.Support.States.AssertSame(expected[step], replay.State);
        }

        replay.To(run.Status.Step, EpochEnd.After, cancellation: Cancellation);
        Bits.Same(replay.Output().Parameters, run.Model(replay.State.Layout));
    }

    [Fact]
    public async Task Steps_AreThoseOfTheirShards_WhereARunWasResumedWithMoreTrainers()
    {
        var spec = Spec with { Train = Spec.Train with { Trainers = 2 } };
        var (run, coordinator) = await fixture.InterruptedAt(spec, nameof(ITrainerGrain.TrainChunk), 10, grain => grain.StopRun("enough"));
        Assert.Equal("", (await coordinator.ResumeRun(new(Trainers: 3, Protocol: ProtocolVersion.Current))).Problem);
        while (await coordinator.GetStatus() is { State: RunState.Starting })
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        var finished = await fixture.Silos.Watch(run, ends: 2);

        using var replay = RunReplay.Open(finished.Directory, new());
        replay.Begin();
        List<double> losses = [];
        replay.Continue(finished.Status.Step, EpochEnd.Before, step => losses.Add(step.Outcome.Loss), Cancellation);

        Bits.Same(finished.StepLosses, losses);
        Bits.Same(replay.State.Parameters, finished.Model(replay.State.Layout));
    }

    [Fact]
    public async Task DamagedCheckpoint_IsPassedOver_AndWithAllGoneTheFirstStateIsEnough()
    {
        fixture.Calls.Reset();
        var run = await fixture.Silos.Train(Spec);
        using (var replay = RunReplay.Open(run.Directory, new()))
        {
            var newest = replay.Checkpoints[^1];
            string file = Path.Combine(run.Directory.Checkpoints, $"{newest}", "model.safetensors");
            byte[] content = File.ReadAllBytes(file);
            content[^1] ^= 1;
            File.WriteAllBytes(file, content);

            replay.To(run.Status.Step, cancellation: Cancellation);
            Assert.Matches($"^checkpoint {newest}: model.safetensors: found content of checksum", Assert.Single(replay.PassedOver));
            Assert.Matches("model.safetensors: found content", Assert.Throws<ReplayException>(() => replay.Begin(newest)).Message);
            Bits.Same(replay.State.Parameters, run.Model(replay.State.Layout));
        }

        Directory.Delete(run.Directory.Checkpoints, recursive: true);
        using var fromTheStart = RunReplay.Open(run.Directory, new());
        fromTheStart.To(run.Status.Step, cancellation: Cancellation);
        Assert.Null(fromTheStart.From);
        Bits.Same(fromTheStart.State.Parameters, run.Model(fromTheStart.State.Layout));
    }

    [Fact]
    public async Task Step_WithoutAState_IsRefused()
    {
        fixture.Calls.Reset();
        var run = await fixture.Silos.Train(Recipes[InRounds](Spec));
        using var replay = RunReplay.Open(run.Directory, new());

        string Refusal(long step) => Assert.Throws<ReplayException>(() => replay.To(step, cancellation: Cancellation)).Message;

        Assert.StartsWith("step: found 4, which is within a round of local steps", Refusal(4), StringComparison.Ordinal);
        Assert.EndsWith("expected 3 or 6, where rounds end", Refusal(4), StringComparison.Ordinal);
        Assert.Equal("step: found -1, expected 0 or more", Refusal(-1));
        Assert.Equal($"step: found 999, expected one that run {run.Directory.Id} has: the 4 epochs of its spec end with step "
            + $"{run.Status.Step}", Refusal(999));
    }

    /// <summary>What each committed state is, by its step, from the algorithm without grains.</summary>
    private static SortedDictionary<long, TrainingState> States(RunSpec spec)
    {
        using var prepared = PreparedRun.Prepare(spec);
        using var trainer = new SingleProcessTrainer(prepared.Spec, prepared.Data, () => Engine.Open(prepared.Spec, DeviceName.Cpu));
        SortedDictionary<long, TrainingState> states = [];
        while (true)
        {
            var (snapshot, copy) = (new TrainingSnapshot(prepared.Spec), TrainingState.Empty(prepared.Spec));
            trainer.State.CopyTo(snapshot);
            copy.Restore(snapshot);
            states.Add(copy.Step, copy);
            if (trainer.IsAtEpochEnd)
                trainer.FinishEpoch();
            if (trainer.Next.Epoch == spec.Train.Epochs)
                return states;
            trainer.Advance();
        }
    }

    private static (long, double, double) Published(FinishedRun run, long step)
    {
        var published = run.Events.OfType<StepCommitted>().Single(one => one.Step == step);
        return (step, published.Loss, published.LearningRate);
    }
}
