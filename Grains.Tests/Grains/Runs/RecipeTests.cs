using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>Recipes whose state belongs to S(n): interrupted anywhere, their runs give the bits of the single process.</summary>
public sealed class RecipeTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 4, validationFraction: 0.2) with
    {
        Data = TestSpecs.Average().Data with { ValidationFraction = 0.2, Shuffle = true },
    };

    private static readonly Dictionary<string, Func<TrainSpec, TrainSpec>> Recipes = new()
    {
        ["reduceOnPlateau"] = train => train with { Schedule = new ReduceOnPlateauSchedule { Patience = 0, Threshold = 0.5 } },
        ["clipValue"] = train => train with { ClipValue = 1e-3 },
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
                all.Add(recipe, nameof(ITrainerGrain.TrainChunk), 10);
                all.Add(recipe, nameof(ITrainerGrain.TrainChunk), 17);
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
    public void Recipes_ChangeTheRun()
    {
        float[] plain = Oracle.Of(Spec).State.Parameters;

        Assert.All(Recipes.Keys, recipe => Assert.NotEqual(plain, Oracle.Of(Of(recipe)).State.Parameters));
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
