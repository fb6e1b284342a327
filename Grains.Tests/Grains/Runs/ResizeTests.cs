using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

public sealed class ResizeTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = Of(TestSpecs.Average(trainers: 2, layers: 2, dropout: 0.2, epochs: 3, validationFraction: 0.2));
    private static readonly RunSpec Rounds = Spec.InRounds(4);

    /// <summary>So many steps that the run does not end before it has been resized several times.</summary>
    private static readonly RunSpec Long = Spec with { Train = Spec.Train with { Epochs = 150 } };

    private static readonly Lazy<Oracle> Expected = new(() => Oracle.Of(Spec));
    private static readonly Lazy<Oracle> ExpectedOfRounds = new(() => Oracle.Of(Rounds));

    [Theory]
    [InlineData(nameof(ITrainerGrain.TrainChunk), 2, 5)]
    [InlineData(nameof(ITrainerGrain.TrainChunk), 2, 1)]
    [InlineData(nameof(ITrainerGrain.TrainChunk), 8, 3)]
    [InlineData(nameof(ITrainerGrain.EvaluateChunk), 0, 4)]
    public async Task ResizedRun_GivesTheBitsOfTheRunThatNeverWas(string method, long at, int trainers)
    {
        var finished = await Resized(Spec, method, at, trainers);

        RunAssert.SameBits(Expected.Value, finished);
        Assert.Single(finished.Events.OfType<RunStarted>());
        Assert.Equal(trainers, finished.Directory.ReadSpec().Train.Trainers);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(1)]
    public async Task ResizedRounds_GiveTheBitsOfTheRunThatNeverWas(int trainers)
    {
        var finished = await Resized(Rounds, nameof(ITrainerGrain.TrainRound), 4, trainers);

        RunAssert.SameBits(ExpectedOfRounds.Value, finished);
        Assert.Single(finished.Events.OfType<RunStarted>());
    }

    [Fact]
    public async Task RunResizedUpAndDownAndUpAgain_GivesTheSameBits_AndLetsTrainersGo()
    {
        fixture.Calls.Reset();
        int[] sizes = [6, 1, 4, 2];
        var run = await fixture.Silos.Submit(Long);
        await fixture.Silos.EventsOf(run).Next<StepCommitted>();
        var coordinator = Coordinator(run);
        foreach (int trainers in sizes)
        {
            var reply = await coordinator.ResizeRun(Wish(trainers));
            Assert.Equal(("", trainers), (reply.Problem, reply.Status.Trainers.Count));
            Assert.Equal(6, reply.Status.Shards);
        }

        var finished = await fixture.Silos.Watch(run);

        RunAssert.SameBits(Oracle.Of(Long), finished);
        Assert.Equal(sizes, finished.Events.OfType<TrainersResized>().Select(resize => resize.Trainers));
        Assert.Equal([2, 6, 1, 4], finished.Events.OfType<TrainersResized>().Select(resize => resize.Before));
        Assert.DoesNotContain(run, (await fixture.Silos.Grains.GetGrain<ICatalogGrain>(0).Describe()).Silos
            .SelectMany(silo => silo.Trainers).Select(trainer => trainer.Run));
    }

    [Fact]
    public async Task NewTrainerThatFailsToOpen_LeavesTheRunWithThoseItHas()
    {
        fixture.Calls.Reset();
        fixture.Calls.Before = call => call is { Method: nameof(ITrainerGrain.Assign), Trainer: 3 }
            ? throw new InvalidOperationException("no memory") : Task.CompletedTask;
        var run = await fixture.Silos.Submit(Long);
        await fixture.Silos.EventsOf(run).Next<StepCommitted>();

        var reply = await Coordinator(run).ResizeRun(Wish(4));
        fixture.Calls.Reset();
        var finished = await fixture.Silos.Watch(run);

        Assert.Contains("trainer 3", reply.Problem);
        Assert.Contains("no memory", reply.Problem);
        Assert.Empty(finished.Events.OfType<TrainersResized>());
        Assert.Equal((RunState.Completed, 2), (finished.End.State, finished.Directory.ReadSpec().Train.Trainers));
    }

    [Fact]
    public async Task TrainerThatFailsWhenItIsGivenItsShards_IsPlacedAgain_WithTheSameBits()
    {
        var failed = new HashSet<int>();
        var finished = await Resized(Spec, nameof(ITrainerGrain.TrainChunk), 4, 3, call =>
            call is { Method: nameof(ITrainerGrain.Assign), Trainer: 1 } && failed.Add(1)
                ? throw new InvalidOperationException("unplugged") : Task.CompletedTask);

        Assert.Single(failed);
        RunAssert.SameBits(Expected.Value, finished);
        Assert.Single(finished.Events.OfType<RunStarted>());
    }

    [Fact]
    public async Task Resize_IsRefused_WhereThereIsNothingToResizeOrTooFewShards()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 4));
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;
        var coordinator = Coordinator(run);
        string tooMany = (await coordinator.ResizeRun(Wish(7))).Problem;
        Assert.Contains("found 7, expected 1 to 6", tooMany);
        Assert.Contains("train.shards: 7", tooMany);
        Assert.Contains("found 0, expected 1 to 6", (await coordinator.ResizeRun(Wish(0))).Problem);
        Assert.Contains("protocol 0", (await coordinator.ResizeRun(Wish(1) with { Protocol = 0 })).Problem);
        fixture.Calls.Reset();
        halt.Continue();
        await coordinator.StopRun("enough");
        Assert.Contains("the run has ended: ", (await coordinator.ResizeRun(Wish(1))).Problem);

        Assert.Empty((await fixture.Silos.Watch(run)).Events.OfType<TrainersResized>());
    }

    private static RunSpec Of(RunSpec spec) => spec with
    {
        Data = spec.Data with { Shuffle = true },
        Train = spec.Train with { Shards = 6 },
    };

    private static ResizeRequest Wish(int trainers) => new(trainers, "wanted by the test", ProtocolVersion.Current);

    private ICoordinatorGrain Coordinator(RunId run) => fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

    /// <summary>
    /// Trains a run that is resized in the middle of a step: a call of its trainer 1 is held back until the new trainers are ready.
    /// </summary>
    private async Task<FinishedRun> Resized(RunSpec spec, string method, long at, int trainers, Func<TrainerCall, Task>? then = null)
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(method, 1, at));
        var run = await fixture.Silos.Submit(spec);
        await halt.Reached;
        int opened = 0;
        fixture.Calls.After = call =>
        {
            if (call.Method == nameof(ITrainerGrain.Assign) && call.Trainer >= spec.Train.Trainers)
                Interlocked.Increment(ref opened);
            return Task.CompletedTask;
        };
        var asked = Coordinator(run).ResizeRun(Wish(trainers));
        while (fixture.Silos.Directory(run).ReadSpec().Train.Trainers != trainers
            || Volatile.Read(ref opened) < trainers - spec.Train.Trainers)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await Coordinator(run).GetStatus();
        }

        Assert.False(asked.IsCompleted);
        fixture.Calls.Reset();
        if (then is not null)
            fixture.Calls.Before = then;
        halt.Continue();
        var reply = await asked;
        fixture.Calls.Reset();
        var finished = await fixture.Silos.Watch(run);

        Assert.Equal("", reply.Problem);
        var resize = Assert.Single(finished.Events.OfType<TrainersResized>());
        Assert.Equal((spec.Train.Trainers, trainers, "wanted by the test"), (resize.Before, resize.Trainers, resize.Reason));
        return finished;
    }
}
