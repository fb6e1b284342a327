using System.Globalization;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>Recipes whose state belongs to S(n): interrupted anywhere, their runs give the bits of the single process.</summary>
[Slow]
public sealed class RecipeTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 4, validationFraction: 0.2) with
    {
        Data = TestSpecs.Average().Data with { ValidationFraction = 0.2, Shuffle = true },
    };

    private const string InRounds = "rounds of local steps";

    private static readonly Dictionary<string, Func<TrainSpec, TrainSpec>> Recipes = new()
    {
        ["reduceOnPlateau"] = train => train with { Schedule = new ReduceOnPlateauSchedule { Patience = 0, Threshold = 0.5 } },
        ["clipValue"] = train => train with { ClipValue = 1e-3 },
        ["accumulate"] = train => train with { Accumulate = 3 },
        ["ema"] = train => train with { Ema = new() { Decay = 0.9 }, Output = OutputKind.Ema },
        ["average"] = train => train with { Optimizer = new Sgd { Lr = 1, Average = new() { Window = 0 } } },
        ["best"] = train => train with { Epochs = 3, Optimizer = new Sgd { Lr = 1 }, Output = OutputKind.Best },
        ["all"] = train => train with
        {
            Accumulate = 2, ClipValue = 1e-2, Ema = new() { Decay = 0.5, Warmup = true }, Output = OutputKind.Best,
            Schedule = new ReduceOnPlateauSchedule { Patience = 0, Threshold = 0.5, Warmup = 2 },
        },
        [InRounds] = train => train with
        {
            Sync = Spec.InRounds(4).Train.Sync, Ema = new() { Decay = 0.5 }, Output = OutputKind.Ema, ClipValue = 1e-2,
            EarlyStopping = new() { Patience = 3, MinDelta = 0.5 },
        },
        ["earlyStopping"] = train => train with { Epochs = 9, EarlyStopping = new() { Patience = 2, MinDelta = 0.5 } },
    };

    /// <summary>Each recipe, interrupted in the second epoch, at its last step, and in the evaluation after it.</summary>
    public static TheoryData<string, string, long> Interruptions
    {
        get
        {
            var all = new TheoryData<string, string, long>();
            foreach (string recipe in Recipes.Keys)
            {
                string method = recipe == InRounds ? nameof(ITrainerGrain.TrainRound) : nameof(ITrainerGrain.TrainChunk);
                all.Add(recipe, method, recipe == InRounds ? 13 : 10);
                all.Add(recipe, method, 17);
                all.Add(recipe, nameof(ITrainerGrain.EvaluateChunk), 1);
            }

            return all;
        }
    }

    [Theory, MemberData(nameof(Interruptions))]
    public async Task StoppedAndResumedRun_IsTheRunThatWasNeverStopped(string recipe, string method, long at)
    {
        var spec = Of(recipe);
        var (run, coordinator) = await fixture.InterruptedAt(spec, method, at, grain => grain.StopRun("enough"));
        Assert.Equal(RunState.Stopped, (await coordinator.GetStatus()).State);

        var finished = await fixture.Resume(run, coordinator, ends: 2);

        var oracle = Oracle.Of(spec);
        RunAssert.SameSteps(oracle, finished);
        RunAssert.RepeatsNothing(finished);
        Assert.Equal(
            oracle.Steps.Select(step => step.LearningRate), finished.Events.OfType<StepCommitted>().Select(step => step.LearningRate));
    }

    /// <summary>A recipe that changes nothing would pass all of these.</summary>
    [Fact]
    public void Recipes_ChangeTheModel()
    {
        float[] plain = Oracle.Of(Spec).Output.Parameters;

        Assert.All(Recipes.Keys, recipe => Assert.NotEqual(plain, Oracle.Of(Of(recipe)).Output.Parameters));
        Assert.All((string[])["ema", "average", "best"], recipe =>
        {
            var oracle = Oracle.Of(Of(recipe));
            Assert.NotEqual(oracle.State.Parameters, oracle.Output.Parameters);
        });
    }

    /// <summary>
    /// Its hidden state is that of the best epoch's end, its test is made with its parameters, and card and status say which it is.
    /// </summary>
    [Fact]
    public async Task BestModel_IsThatOfTheEpochWithTheLowestValidationLoss()
    {
        fixture.Calls.Reset();
        var spec = Of("best");
        spec = spec with { Data = spec.Data with { Test = new() { Fraction = 0.2 } } };
        var run = await fixture.Silos.Train(spec);
        var oracle = Oracle.Of(spec);

        RunAssert.SameBits(oracle, run);
        int best = 1 + run.Status.ValidationLosses.ToList().IndexOf(run.Status.ValidationLosses.Min());
        Assert.InRange(best, 1, spec.Train.Epochs - 1);
        var package = ModelPackage.Load(run.Directory.Package, SpecLoader.Reader);
        Assert.Equal(("best", best, run.Status.ValidationLosses[best - 1]),
            (package.Config.Output, package.Config.Epochs, package.Config.ValidationLoss));
        Assert.Equal(best * oracle.Steps.Count / spec.Train.Epochs, package.Config.Steps);
        Bits.Same(HiddenTensors.Of(spec.Model, spec.Data.BatchSize, oracle.Output.Hidden), package.Hidden.Span);
        Assert.Contains($"those at the end of epoch {best}, whose validation loss is the lowest",
            await File.ReadAllTextAsync(Path.Combine(run.Directory.Package, ModelPackage.CardFile), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal(("best", best), (run.Status.Output!.Kind, run.Status.Output.Epoch));
    }

    [Fact]
    public async Task BestModel_WhoseCheckpointIsGone_EndsTheRunWithTheWayOut()
    {
        fixture.Calls.Reset();
        var spec = Of("best");
        var oracle = Oracle.Of(spec);
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, oracle.Steps.Count - 1));
        var run = await fixture.Silos.Submit(spec);
        await halt.Reached;
        await fixture.Silos.Until<CheckpointWritten>(run, one => one.Step == oracle.Output.Step);
        foreach (string state in Directory.GetFiles(
            fixture.Silos.Directory(run).Checkpoints, "state.json", SearchOption.AllDirectories))
            File.Delete(state);
        halt.Continue();
        var failed = await fixture.Silos.Watch(run);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        Assert.Equal(RunState.Failed, failed.End.State);
        Assert.EndsWith(
            $"or take the last state: tbptt resume {run} --set train.output=last", failed.End.Message, StringComparison.Ordinal);
        fixture.Calls.Reset();
        var asLast = new ResumeRequest(Protocol: ProtocolVersion.Current, Sets: ["train.output=last"]);
        Assert.Equal("", (await coordinator.ResumeRun(asLast)).Problem);
        RunAssert.SameSteps(
            Oracle.Of(spec with { Train = spec.Train with { Output = OutputKind.Last } }), await fixture.Silos.Watch(run, ends: 2));
    }

    /// <summary>The average has other parameters than the committed ones, which went ahead to the other silo.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AverageOfALargeModel_IsEvaluatedOnOtherSilos(bool directSteps)
    {
        await using var silos = await TestSilos.Start(2, directSteps: directSteps);
        var spec = TestSpecs.Average(trainers: 2, epochs: 2, validationFraction: 0.2);
        spec = spec with
        {
            Model = spec.Model with { HiddenSize = 280 },
            Train = spec.Train with { Ema = new() { Decay = 0.9 }, Output = OutputKind.Ema, Accumulate = 2, Wire = WireKind.Bfloat16 },
        };
        Assert.True(Buckets.AreUsedFor(ParameterLayout.Of(spec.Model).Length));

        RunAssert.SameBits(Oracle.Of(spec), await silos.Train(spec));
    }

    [Fact]
    public async Task Run_ContinuesToTheSameBits_WithItsAverageAndPartOfAnUpdate_FromACheckpointOfAnyStep()
    {
        fixture.Calls.Reset();
        var spec = Of("all") with { Checkpoint = new() { EverySteps = 1, EverySeconds = 0, KeepLast = 1000 } };
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 12));
        var run = await fixture.Silos.Submit(spec);
        await halt.Reached;
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        var stopping = coordinator.StopRun("enough");
        await coordinator.GetStatus();
        fixture.Calls.Reset();
        halt.Continue();
        await stopping;

        // As if killed: the checkpoints of later steps are gone, and the oldest one that lies within an update of two of an epoch's nine
        // steps is the newest.
        var checkpoints = Directory.GetDirectories(fixture.Silos.Directory(run).Checkpoints)
            .ToDictionary(path => path, path => long.Parse(path.Split('-')[^1], CultureInfo.InvariantCulture));
        long newest = checkpoints.Values.Where(step => step % 9 % 2 == 1).Min();
        foreach (string late in checkpoints.Keys.Where(path => checkpoints[path] > newest))
            Directory.Delete(late, recursive: true);
        var finished = await fixture.Resume(run, coordinator, ends: 2);

        RunAssert.SameSteps(Oracle.Of(spec), finished);
        Assert.Equal(newest, finished.Events.OfType<RunStarted>().Last().Step);
    }

    [Fact]
    public async Task EarlyStopping_EndsTheRun_AndSaysWhy_AndMorePatienceTrainsFurther()
    {
        fixture.Calls.Reset();
        var spec = Of("earlyStopping");
        var first = await fixture.Silos.Train(spec);
        int epochs = first.EpochLosses.Length;
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(first.Status.Id);

        Assert.InRange(epochs, 3, 8);
        Assert.Matches(
            $"^ended early after epoch {epochs} of 9 by train.earlyStopping, because the lowest validation loss is", first.End.Message);
        Assert.Equal((RunState.Completed, first.End.Message), (first.Status.State, first.Status.Message));
        Assert.True(File.Exists(first.Directory.Model));
        var asBefore = new ResumeRequest(Protocol: ProtocolVersion.Current);
        Assert.Contains("to train it further: tbptt resume", (await coordinator.ResumeRun(asBefore)).Problem, StringComparison.Ordinal);
        Assert.Contains("train.earlyStopping: found patience 2",
            (await coordinator.ResumeRun(asBefore with { Sets = ["train.epochs=20"] })).Problem, StringComparison.Ordinal);

        Assert.Equal("", (await coordinator.ResumeRun(asBefore with { Sets = ["train.earlyStopping.patience=4"] })).Problem);
        var further = await fixture.Silos.Watch(first.Directory.Id, ends: 2);

        RunAssert.SameSteps(
            Oracle.Of(spec with { Train = spec.Train with { EarlyStopping = spec.Train.EarlyStopping! with { Patience = 4 } } }), further);
        Assert.True(further.EpochLosses.Length > epochs);
    }

    [Theory]
    [InlineData(1, 5)] // In the middle of an epoch.
    [InlineData(1, 8)] // At its end.
    [InlineData(4, 5)] // In a round of local steps, which is whole or not at all.
    public async Task StepLimit_StopsTheRunWithItsModel_AndAGreaterOneContinuesToTheSameBits(int round, int limit)
    {
        fixture.Calls.Reset();
        var spec = (round == 1 ? Spec : Spec.InRounds(round)) with { Limits = new() { Steps = limit } };
        var first = await fixture.Silos.Train(spec);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(first.Status.Id);

        var part = Oracle.Of(spec);
        Assert.Equal(
            (RunState.Stopped, $"stopped by its limit of {limit} steps (limits.steps)", part.Steps.Count, first.Directory.Model),
            (first.End.State, first.End.Message, (int)first.End.Step, first.End.Model));
        Assert.InRange(part.Steps.Count, limit, limit + round - 1);
        Bits.Same(part.State.Parameters, first.Model(part.State.Layout));
        var asBefore = new ResumeRequest(Protocol: ProtocolVersion.Current);
        Assert.Contains(
            $"limits.steps: found {limit}, expected more than", (await coordinator.ResumeRun(asBefore)).Problem, StringComparison.Ordinal);

        Assert.Equal("", (await coordinator.ResumeRun(asBefore with { Sets = ["limits.steps=1000"] })).Problem);
        RunAssert.SameSteps(Oracle.Of(spec with { Limits = null }), await fixture.Silos.Watch(first.Directory.Id, ends: 2));
    }

    [Fact]
    public async Task EpochLimit_StopsTheRunBehindAnEvaluation_AndAGreaterOneContinuesToTheSameBits()
    {
        fixture.Calls.Reset();
        var spec = Spec with { Limits = new() { Epochs = 1 } };
        var first = await fixture.Silos.Train(spec);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(first.Status.Id);

        Assert.Equal((RunState.Stopped, "stopped by its limit of 1 epoch (limits.epochs)"), (first.End.State, first.End.Message));
        Assert.Equal((1, 1), (first.EpochLosses.Length, first.Status.ValidationLosses.Count));
        Assert.Equal(Oracle.Of(spec).Steps.Count, (int)first.End.Step);
        var asBefore = new ResumeRequest(Protocol: ProtocolVersion.Current);
        Assert.Contains(
            "limits.epochs: found 1, expected more than 1", (await coordinator.ResumeRun(asBefore)).Problem, StringComparison.Ordinal);

        Assert.Equal("", (await coordinator.ResumeRun(asBefore with { Sets = ["limits="] })).Problem);
        RunAssert.SameSteps(Oracle.Of(spec with { Limits = null }), await fixture.Silos.Watch(first.Directory.Id, ends: 2));
    }

    [Fact]
    public async Task DurationLimit_StopsTheRunAtAStep_AndAGreaterOneContinuesToTheSameBits()
    {
        fixture.Calls.Reset();
        var spec = Spec with
        {
            Train = Spec.Train with { Epochs = 100_000 }, Limits = new() { Duration = TimeSpan.FromSeconds(1) },
            Checkpoint = new() { KeepBest = 0 },
        };
        var first = await fixture.Silos.Train(spec);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(first.Status.Id);

        Assert.Equal((RunState.Stopped, "stopped by its limit of 1s (limits.duration)"), (first.End.State, first.End.Message));
        Assert.InRange(first.Status.TrainedSeconds, 1, 60);
        var asBefore = new ResumeRequest(Protocol: ProtocolVersion.Current);
        Assert.Contains(
            "limits.duration: found 1s, expected more", (await coordinator.ResumeRun(asBefore)).Problem, StringComparison.Ordinal);

        int epochs = first.EpochLosses.Length + 2;
        Assert.Equal("", (await coordinator.ResumeRun(asBefore with { Sets = ["limits.duration=1h", $"train.epochs={epochs}"] })).Problem);
        var finished = await fixture.Silos.Watch(first.Directory.Id, ends: 2);

        RunAssert.SameSteps(Oracle.Of(spec with { Train = spec.Train with { Epochs = epochs }, Limits = null }), finished);
        Assert.True(finished.Status.TrainedSeconds > first.Status.TrainedSeconds);
    }

    private static RunSpec Of(string recipe) => Spec with { Train = Recipes[recipe](Spec.Train) };
}
