using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

public sealed class StepTransactionTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, validationFraction: 0.2);
    private static readonly Lazy<Oracle> Expected = new(() => Oracle.Of(Spec));

    /// <summary>Whether the work was done, which step counted from the end when negative, and which trainers.</summary>
    public static TheoryData<bool, int, int[]> Failures { get; } = new()
    {
        { false, 0, [0] },
        { true, 0, [2] },
        { false, 4, [1] },
        { true, 4, [1] },
        { true, 4, [0, 2] },
        { false, 4, [0, 1, 2] },
        { false, -1, [2] },
        { true, -1, [0] },
    };

    [Theory, MemberData(nameof(Failures))]
    public async Task Step_IsRunAgainWithTheSameBits_WhenTrainersAreLostInIt(bool afterTheWork, int at, int[] lost)
    {
        long step = at < 0 ? Expected.Value.Steps.Count + at : at;
        var run = await fixture.TrainLosing(Spec, afterTheWork, lost, call => call.Method == nameof(ITrainerGrain.TrainChunk)
            && call.Step == step);

        RunAssert.SameBits(Expected.Value, run);
        var recovery = RunAssert.RecoveredOnce(run, after: step, lost);
        Assert.All(lost, trainer => Assert.Matches($"trainer {trainer} is lost: .*unplugged", recovery.Reason));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public async Task Evaluation_BeginsAgainWithTheSameBits_WhenATrainerIsLostInIt(bool afterTheWork, long chunk)
    {
        var run = await fixture.TrainLosing(Spec, afterTheWork, [1], call => call.Method == nameof(ITrainerGrain.EvaluateChunk)
            && call.Step == chunk);

        RunAssert.SameBits(Expected.Value, run);
        Assert.Equal([1], Assert.Single(run.Events.OfType<TrainersRecovered>()).Trainers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Placement_IsTriedAgain_WhenAnAssignmentFails(bool afterTheWork)
    {
        var run = await fixture.TrainLosing(Spec, afterTheWork, [0, 2], call => call.Method == nameof(ITrainerGrain.Assign));

        RunAssert.SameBits(Expected.Value, run);
        int[] generations =
            [.. fixture.Calls.All.Where(call => call.Method == nameof(ITrainerGrain.Assign)).Select(call => call.Generation).Distinct()];
        Assert.Equal(2, generations.Length);
        Assert.True(generations[0] < generations[1]);
    }

    [Fact]
    public async Task Run_Fails_WithTheTrainersWords_WhenItsWorkFailsThreeTimes()
    {
        fixture.Calls.Reset();
        fixture.Calls.Instead = call => call.Is(nameof(ITrainerGrain.TrainChunk), trainer: 1, step: 2)
            ? new TrainerFault("the disk is on fire") : null;

        var run = await fixture.Silos.Train(Spec);

        Assert.Equal(RunState.Failed, run.End.State);
        Assert.Equal("trainer 1 failed: the disk is on fire", run.End.Message);
        Assert.Equal(2, run.End.Step);
        Assert.Equal(3, fixture.Calls.All.Count(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 2)));
        RunAssert.Journal(run);
        Assert.False(File.Exists(run.Directory.Model));
    }

    [Fact]
    public async Task Run_Fails_WithTheDevicesName_WhenNoSiloHasIt()
    {
        fixture.Calls.Reset();

        var run = await fixture.Silos.Train(Spec with { Device = new DeviceName("cuda:250") });

        Assert.Equal(RunState.Failed, run.End.State);
        Assert.Contains("cuda:250", run.End.Message);
        Assert.Equal(3, fixture.Calls.All.Count(call => call.Method == nameof(ITrainerGrain.Assign) && call.Trainer == 0));
        RunAssert.Journal(run);
    }

    [Fact]
    public async Task Run_Fails_WhenATrainerIsLostInTheSameStepForEver()
    {
        fixture.Calls.Reset();
        fixture.Calls.After = call => call.Is(nameof(ITrainerGrain.TrainChunk), 2, 3)
            ? throw new InvalidOperationException("too large to send") : Task.CompletedTask;

        var run = await fixture.Silos.Train(Spec);

        Assert.Equal(RunState.Failed, run.End.State);
        Assert.Contains("too large to send", run.End.Message);
        Assert.Equal(3, run.End.Step);
        RunAssert.Journal(run);
    }

    [Fact]
    public async Task Trainer_IsPlacedAnew_WhenItsActivationIsGone()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 5));
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;

        // Trainer 0 holds the step up; trainer 2 goes once its own part of it is done, and knows nothing at step 6.
        var gone = fixture.Silos.Cluster.DeactivateAsync(fixture.Silos.Grains.GetGrain<ITrainerGrain>(2, run.Text));
        await gone;
        halt.Continue();
        var finished = await fixture.Silos.Watch(run);

        RunAssert.SameBits(Expected.Value, finished);
        var recovery = Assert.Single(finished.Events.OfType<TrainersRecovered>());
        Assert.Equal([2], recovery.Trainers);
        Assert.Contains("trainer 2 refuses: the trainer has no shards", recovery.Reason);
    }
}
