using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Transport;

/// <summary>Trainers that share a silo with others and not with the coordinator: a small model, and one that travels in buckets.</summary>
[Slow]
public sealed class MessageTests : IAsyncLifetime
{
    private readonly TrainerCalls _calls = new();
    private TestSilos _silos = null!;

    /// <summary>Five trainers, so that the tree is no power of two, on three silos; the second model has two buckets.</summary>
    public static TheoryData<bool> Models { get; } = [false, true];

    public async ValueTask InitializeAsync() => _silos = await TestSilos.Start(3, silo => silo.AddIncomingGrainCallFilter(_calls));

    public ValueTask DisposeAsync() => _silos.DisposeAsync();

    [Theory]
    [InlineData(false, 5, WireKind.Full)]
    [InlineData(true, 5, WireKind.Full)]
    [InlineData(true, 3, WireKind.Full)]
    [InlineData(false, 12, WireKind.Full)]
    [InlineData(false, 5, WireKind.Bfloat16)]
    [InlineData(true, 3, WireKind.Bfloat16)]
    [InlineData(true, 5, WireKind.Bfloat16)]
    public async Task Run_GivesTheSameBits(bool large, int trainers, WireKind wire)
    {
        var spec = Spec(large, trainers, wire);

        var run = await _silos.Train(spec);

        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Equal(3, run.Status.Trainers.Select(trainer => trainer.Silo).Distinct().Count());
    }

    [Theory, MemberData(nameof(Models))]
    public async Task Step_IsRunAgainWithTheSameBits_WhenOneTrainerOfASiloIsLost_AndOnlyThatOneIsReplaced(bool large)
    {
        var spec = Spec(large, wire: WireKind.Bfloat16);
        int left = 1;
        _calls.After = call => call.Is(nameof(ITrainerGrain.TrainChunk), 2, 1) && Interlocked.Exchange(ref left, 0) == 1
            ? throw new InvalidOperationException("unplugged")
            : Task.CompletedTask;

        var run = await _silos.Train(spec);

        RunAssert.SameBits(Oracle.Of(spec), run);
        var recovery = Assert.Single(run.Events.OfType<TrainersRecovered>());
        Assert.Equal([2], recovery.Trainers);
        Assert.Matches("trainer 2 is lost: .*unplugged", recovery.Reason);
        Assert.Equal([0, 0, 1, 0, 0], run.Status.Trainers.Select(trainer => trainer.Place));
    }

    [Theory, MemberData(nameof(Models))]
    public async Task Evaluation_BeginsAgainWithTheSameBits_WhenATrainerOfASiloIsLost(bool large)
    {
        var spec = Spec(large);
        int left = 1;
        _calls.Before = call => call.Is(nameof(ITrainerGrain.EvaluateChunk), 3, 0) && Interlocked.Exchange(ref left, 0) == 1
            ? throw new InvalidOperationException("unplugged")
            : Task.CompletedTask;

        var run = await _silos.Train(spec);

        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Equal([3], Assert.Single(run.Events.OfType<TrainersRecovered>()).Trainers);
    }

    [Fact]
    public async Task Fault_IsTheTrainersOwn()
    {
        _calls.Instead = call => call.Is(nameof(ITrainerGrain.TrainChunk), 3, 1) ? new TrainerFault("the disk is on fire") : null;

        var run = await _silos.Train(Spec(large: false));

        Assert.Equal((RunState.Failed, "trainer 3 failed: the disk is on fire"), (run.End.State, run.End.Message));
        Assert.Equal(3, _calls.All.Count(call => call.Is(nameof(ITrainerGrain.TrainChunk), 3, 1)));
        RunAssert.Journal(run);
    }

    [Theory]
    [InlineData(false, float.NaN)]
    [InlineData(true, float.NegativeInfinity)]
    public async Task Divergence_NamesTheTrainerOfAnotherSilo_AndItsLargestGradient(bool large, float value)
    {
        var spec = Spec(large);
        var layout = ParameterLayout.Of(spec.Model);
        var gradient = new float[layout.Length];
        gradient[^1] = value;
        int hidden = layout.HiddenPerLane * spec.Data.BatchSize / spec.Train.Trainers;
        _calls.Instead = call => call.Is(nameof(ITrainerGrain.TrainChunk), 3, 1)
            ? new Contribution(GradientBuffer.Wrap(gradient), GradientBuffer.Wrap(new float[hidden]), 0.25, 6)
            : call.Is(nameof(ITrainerGrain.FindLargest), 3, -1) ? new LargestGradients([new(value, layout.Length - 1)])
            : null;

        var run = await _silos.Train(spec);

        Assert.Equal(RunState.Diverged, run.End.State);
        Assert.Equal($"step 2, shard 3: the loss sum is 0.25; the largest gradient is {value} at head.bias[2]", run.End.Message);
        Assert.Equal(1, run.End.Step);
        RunAssert.Journal(run);
    }

    [Fact]
    public async Task Run_GivesTheSameBits_WhenASiloIsKilledWithItsExchange()
    {
        var spec = Spec(large: true);
        using var halt = _calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 3, 1));
        var run = await _silos.Submit(spec);
        await halt.Reached;
        var coordinator = _silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        string home = (await coordinator.GetStatus()).Trainers[3].Silo;

        await _silos.Cluster.KillSiloAsync(
            _silos.Cluster.Silos.Single(silo => home.Contains(silo.SiloAddress.Endpoint.ToString())),
            TestContext.Current.CancellationToken);
        halt.Continue();
        var finished = await _silos.Watch(run);

        RunAssert.SameBits(Oracle.Of(spec), finished);
        Assert.Contains(3, finished.Events.OfType<TrainersRecovered>().First().Trainers);
    }

    private static RunSpec Spec(bool large, int trainers = 5, WireKind wire = WireKind.Full)
    {
        var spec = TestSpecs.Average(trainers, validationFraction: 0.25);
        return spec with
        {
            Model = spec.Model with { HiddenSize = large ? 260 : 12 },
            Train = spec.Train with { Wire = wire },
            Data = spec.Data with { BatchSize = trainers
                * 2, Source = new AverageSource { Sequences = trainers * 4, SequenceLength = 20 } },
        };
    }
}
