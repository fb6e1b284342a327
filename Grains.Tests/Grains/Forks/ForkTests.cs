using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Grains.Forks;

/// <summary>Runs that begin with a state of another one.</summary>
[Slow]
public sealed class ForkTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 4) with
    {
        Data = TestSpecs.Average().Data with { ValidationFraction = 0.2, Shuffle = true },
        Checkpoint = new() { EverySteps = 7, EverySeconds = 0, KeepLast = 2, KeepBest = 1 },
    };

    private static readonly Dictionary<string, RunSpec> Specs = new()
    {
        ["plain"] = Spec,
        ["best"] = Spec with { Train = Spec.Train with { Output = OutputKind.Best, Optimizer = new Sgd { Lr = 1 } } },
        ["rounds"] = Spec.InRounds(3) with { Engine = new FusedEngine() },
        ["average"] = Spec with { Train = Spec.Train with { Ema = new() { Decay = 0.9 }, Output = OutputKind.Ema, Accumulate = 2 } },
    };

    private static int _forks;
    private static FinishedRun? _parent;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Within an epoch, and at an epoch's end.</summary>
    [Theory]
    [InlineData("plain", 11)]
    [InlineData("plain", 18)]
    [InlineData("plain", 0)]
    [InlineData("best", 33)]
    [InlineData("rounds", 12)]
    [InlineData("average", 11)]
    public async Task Fork_EndsAsItsParent_WhereNothingThatMattersChanges(string recipe, long step)
    {
        fixture.Calls.Reset();
        var parent = await fixture.Silos.Train(Specs[recipe]);

        var child = await fixture.Silos.Watch(await Fork(parent, step, "checkpoint.keepLast=1", "train.trainers=1"));

        Assert.Equal((RunState.Completed, ""), (child.End.State, child.End.Message));
        var started = child.Events.OfType<RunStarted>().First();
        Assert.Equal((step, $"0-{step}", 1), (started.Step, started.Checkpoint, started.Generation));
        Assert.Equal(new RunFork(parent.Directory.Id.Text, step, ["checkpoint.keepLast=1", "train.trainers=1"]), started.Fork);
        Assert.Equal(started.Fork, child.Directory.ReadStatus()!.Fork);
        Assert.Equal(Enumerable.Range((int)step + 1, (int)(parent.Status.Step - step)).Select(one => (long)one),
            child.Events.OfType<StepCommitted>().Select(one => one.Step));
        Bits.Same(parent.StepLosses.Skip((int)step), child.StepLosses);
        Bits.Same(parent.Status.EpochLosses, child.Status.EpochLosses);
        Bits.Same(parent.Status.ValidationLosses, child.Status.ValidationLosses);
        Assert.Equal(parent.Status.SequenceSteps, child.Status.SequenceSteps);
        Assert.Equal(await Bytes(parent.Directory.Model), await Bytes(child.Directory.Model));
        Assert.Equal(await Bytes(parent.Directory.Hidden), await Bytes(child.Directory.Hidden));

        // What it began with is kept, and so its states can be computed again.
        using var replay = RunReplay.Open(child.Directory, new());
        replay.To(parent.Status.Step, cancellation: Cancellation);
        Bits.Same(replay.Output().Parameters, child.Model(replay.State.Layout));
        if (step > 0)
            Assert.Throws<ReplayException>(() => replay.To(step - 1, cancellation: Cancellation));
    }

    [Fact]
    public async Task Change_HoldsFromTheStepOn()
    {
        var parent = await Parent();
        const long Step = 11;

        var child = await fixture.Silos.Watch(await Fork(parent, Step, "train.optimizer.lr=0.003", "train.epochs=3"));

        using var prepared = PreparedRun.Prepare(parent.Directory.ReadSpec());
        using var before = new SingleProcessTrainer(prepared.Spec, prepared.Data, () => Engine.Open(prepared.Spec, DeviceName.Cpu));
        while (before.State.Step < Step)
        {
            if (before.IsAtEpochEnd)
                before.FinishEpoch(TestContext.Current.CancellationToken);
            before.Advance();
        }

        var changed = prepared.Spec with
        {
            Train = prepared.Spec.Train with { Epochs = 3, Optimizer = prepared.Spec.Train.Optimizer with { Lr = 0.003 } },
        };
        using var after = new SingleProcessTrainer(
            changed, prepared.Data, () => Engine.Open(changed, DeviceName.Cpu), before.State, before.Next);
        List<double> losses = [];
        Assert.Null(after.Train(step => losses.Add(step.Loss)));
        Bits.Same(losses, child.StepLosses);
        Bits.Same(after.Output.Parameters, child.Model(after.State.Layout));
        Assert.NotEqual(parent.StepLosses[^1], child.StepLosses[^1]);
    }

    /// <summary>Stopped before its first own checkpoint: what it begins with is enough.</summary>
    [Fact]
    public async Task Fork_IsStoppedAndResumed_AndForkedInItsTurn()
    {
        var parent = await Parent();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 13));
        var run = await Fork(parent, 11);
        await halt.Reached;
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        var stopping = coordinator.StopRun("enough");
        await coordinator.GetStatus();
        fixture.Calls.Reset();
        halt.Continue();
        await stopping;
        Directory.Delete(Directory.GetDirectories(fixture.Silos.Directory(run).Checkpoints, "1-*").Single(), recursive: true);

        var child = await fixture.Resume(run, coordinator, ends: 2);
        var grandchild = await fixture.Silos.Watch(await Fork(child, 20));

        foreach (var one in (FinishedRun[])[child, grandchild])
            Assert.Equal(await Bytes(parent.Directory.Model), await Bytes(one.Directory.Model));
        Assert.Equal(child.Directory.Id.Text, grandchild.Status.Fork!.Run);
    }

    /// <summary>It has no other state to begin with, and a run from S(0) would be another one.</summary>
    [Fact]
    public async Task Fork_EndsAsFailed_WhereItsFirstCheckpointIsGone()
    {
        var parent = await Parent();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 11));
        var run = await Fork(parent, 11);
        await halt.Reached;
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        var stopping = coordinator.StopRun("enough");
        await coordinator.GetStatus();
        fixture.Calls.Reset();
        halt.Continue();
        await stopping;
        Directory.Delete(fixture.Silos.Directory(run).Checkpoints, recursive: true);

        var reply = await coordinator.ResumeRun(new(FromStart: true, Protocol: ProtocolVersion.Current));

        Assert.StartsWith(
            $"none of its checkpoints can be used, of which the first has the state of run {parent.Directory.Id} at step 11", reply.Problem,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(11, "data.batchSize=3", "data.batchSize: found a change")]
    [InlineData(11, "model.hiddenSize=9", "model.hiddenSize: found a change")]
    [InlineData(11, "train.accumulate=2", "train.accumulate: found a change")]
    [InlineData(11, "train.ema.decay=0.9", "train.ema: found")]
    [InlineData(11, "train.optimizer={name: sgd, lr: 1}", "train.optimizer: found sgd, expected adam")]
    [InlineData(11, "seed=4", "seed: found 4 with the synthetic source average")]
    [InlineData(11, "train.epochs=1", "train.epochs: found 1 with a state at the end of epoch 1")]
    [InlineData(36, "train.clipNorm=1", "train.epochs: found 4 with a state at the end of epoch 4")]
    [InlineData(37, "train.clipNorm=1", "found step 37 of run")]
    public async Task Change_IsRefused_ThatTheStateCannotTake(long step, string set, string message)
    {
        var parent = await Parent();
        var id = NextId();

        var reply = await Ask(parent, id, step, set);

        Assert.Contains(message, Assert.Single(reply.Problems).ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(fixture.Silos.Directory(id).Path));
    }

    [Fact]
    public async Task SameRequestAgain_FindsTheRun_AndAnotherIsRefused()
    {
        var parent = await Parent();
        var id = await Fork(parent, 30);

        var again = await Ask(parent, id, 30);
        var other = await Ask(parent, id, 31);

        Assert.Equal((true, 0), (again.Reattached, again.Problems.Count));
        Assert.Contains("which is taken", Assert.Single(other.Problems).ToString(), StringComparison.Ordinal);
    }

    /// <summary>The run that most are forked of, trained once.</summary>
    private async Task<FinishedRun> Parent()
    {
        fixture.Calls.Reset();
        return _parent ??= await fixture.Silos.Train(Spec);
    }

    private static RunId NextId() => RunId.Parse($"fork-{Interlocked.Increment(ref _forks)}");

    private Task<SubmitReply> Ask(FinishedRun parent, RunId id, long step, params string[] sets) =>
        fixture.Silos.Grains.GetGrain<ICatalogGrain>(0).Fork(
            new(id, parent.Directory.Id, step, sets, Protocol: ProtocolVersion.Current));

    private async Task<RunId> Fork(FinishedRun parent, long step, params string[] sets)
    {
        var id = NextId();
        Assert.Empty((await Ask(parent, id, step, sets)).Problems);
        return id;
    }

    private static Task<byte[]> Bytes(string file) => File.ReadAllBytesAsync(file, Cancellation);
}
