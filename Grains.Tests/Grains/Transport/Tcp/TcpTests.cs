using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Grains.Transport.Tcp;

/// <summary>Runs whose steps go between silos over TCP connections, with real sockets.</summary>
[Slow]
public sealed class TcpTests : IAsyncLifetime
{
    private readonly WatchedChannels _channels = new();
    private TestSilos _silos = null!;

    public async ValueTask InitializeAsync() => _silos = await TestSilos.Start(
        3, silo => silo.Services.AddSingleton<IChannelSecurity>(_channels), directSteps: true);

    public ValueTask DisposeAsync() => _silos.DisposeAsync();

    [Theory]
    [InlineData(false, 3, WireKind.Full, "fused")]
    [InlineData(false, 3, WireKind.Full, "torch")]
    [InlineData(false, 12, WireKind.Full, "fused")]
    [InlineData(true, 3, WireKind.Full, "fused")]
    [InlineData(true, 7, WireKind.Full, "fused")]
    [InlineData(true, 5, WireKind.Full, "torch")]
    [InlineData(false, 5, WireKind.Bfloat16, "fused")]
    [InlineData(true, 3, WireKind.Bfloat16, "fused")]
    [InlineData(true, 7, WireKind.Bfloat16, "fused")]
    public async Task Run_GivesTheSameBits(bool large, int trainers, WireKind wire, string engine)
    {
        var spec = Spec(large, trainers, wire).OnEngine(engine);

        var run = await _silos.Train(spec);

        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Equal(3, run.Status.Trainers.Select(trainer => trainer.Silo).Distinct().Count());
        Assert.Empty(run.Events.OfType<TrainersRecovered>());
        Assert.Equal(2, _channels.Accepted);

        // All but the steps before the channels stood: parameters one way, gradients the other.
        int number = wire == WireKind.Full ? sizeof(float) : sizeof(ushort);
        Assert.InRange(_channels.Bytes, (long)ParameterLayout.Of(spec.Model).Length * number * (run.End.Step - 6) * 2, long.MaxValue);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 5_000)]
    [InlineData(false, 40_001)]
    [InlineData(true, 1)]
    [InlineData(true, 700_000)]
    [InlineData(true, 5_000_001)]
    public async Task Run_GivesTheSameBits_AndLosesNoTrainer_WhenChannelsBreak(bool large, long after)
    {
        _channels.BreaksAfter = after;
        var spec = Spec(large, 5);

        var run = await _silos.Train(spec);

        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Empty(run.Events.OfType<TrainersRecovered>());
        Assert.All(run.Status.Trainers, trainer => Assert.Equal(0, trainer.Place));

        // Opened again, but not for ever.
        Assert.InRange(_channels.Accepted, 2, 6);
    }

    [Fact]
    public async Task Divergence_NamesTheTrainerOfAnotherSilo()
    {
        var spec = Spec(large: true, 3);
        spec = spec with { Train = spec.Train with { ClipNorm = null, Optimizer = new Sgd { Lr = 1e30 } } };

        var run = await _silos.Train(spec);

        Assert.Equal(RunState.Diverged, run.End.State);
        Assert.Matches(@"^step \d+, shard \d: the loss sum is .+; the largest gradient is .+ at .+\[.+\]$", run.End.Message);
        RunAssert.Journal(run);
    }

    [Fact]
    public async Task Model_Above64MiB_GivesTheSameBits()
    {
        var spec = Spec(large: true, 2, epochs: 1);
        spec = spec with
        {
            Model = spec.Model with { HiddenSize = 2050 },
            Data = spec.Data with { BatchSize = 2, Source = new AverageSource { Sequences = 2, SequenceLength = 8 },
                ValidationFraction = 0 }, Tbptt = new() { ChunkLength = 2 },
        };
        Assert.True(ParameterLayout.Of(spec.Model).Length > (64 << 20) / sizeof(float));

        var run = await _silos.Train(spec);

        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Equal(2, run.Status.Trainers.Select(trainer => trainer.Silo).Distinct().Count());
    }

    [Fact]
    public async Task Run_GivesTheSameBits_WhenASiloIsKilledWithItsChannels()
    {
        var spec = Spec(large: true, 5, epochs: 12);
        var run = await _silos.Submit(spec);
        var coordinator = _silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        RunStatus status;
        do
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            status = await coordinator.GetStatus();
        }
        while (status.Step < 3);

        await _silos.Cluster.KillSiloAsync(
            _silos.Cluster.Silos.Single(silo => status.Trainers[3].Silo.Contains(silo.SiloAddress.Endpoint.ToString())),
            TestContext.Current.CancellationToken);
        var finished = await _silos.Watch(run);

        RunAssert.SameBits(Oracle.Of(spec), finished);
        Assert.Contains(3, finished.Events.OfType<TrainersRecovered>().First().Trainers);
    }

    private static RunSpec Spec(bool large, int trainers, WireKind wire = WireKind.Full, int epochs = 3)
    {
        var spec = TestSpecs.Average(trainers, epochs: epochs, validationFraction: 0.25);
        return spec with
        {
            Model = spec.Model with { HiddenSize = large ? 260 : 12 },
            Train = spec.Train with { Wire = wire },
            Data = spec.Data with { BatchSize = trainers
                * 2, Source = new AverageSource { Sequences = trainers * 4, SequenceLength = 40 } },
        };
    }
}
