using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>Runs of three silos, of which some are late. The coordinator's clock is the test's.</summary>
public abstract class SpeculationTest : IAsyncDisposable
{
    /// <summary>The chunk of its own that a silo is late with: by then there is a usual time.</summary>
    private protected const int LateChunk = 12;

    private protected static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    /// <summary>Moved further, the clock would have silos that are late taken for lost.</summary>
    private protected static readonly TimeSpan Furthest = TimeSpan.FromSeconds(8);

    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _ready = new();
    private ICoordinatorGrain _coordinator = null!;

    private protected HeldReplicas Replicas { get; } = new();

    private protected Halt Late { get; } = new();

    private protected TestSilos Silos { get; private set; } = null!;

    /// <summary>The coordinator's silo.</summary>
    private protected SiloAddress? Own { get; private set; }

    /// <summary>The other silos.</summary>
    private protected SiloAddress[] Others { get; private set; } = [];

    public async ValueTask DisposeAsync()
    {
        Late.Dispose();
        _ready.TrySetResult();
        await Silos.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>While a test looks, the clock may have been moved further, and others been late by that.</summary>
    private protected static TrainersMoved AssertMoved(FinishedRun run)
    {
        Assert.Empty(run.Events.OfType<TrainersRecovered>());
        var first = run.Events.OfType<TrainersMoved>().First();
        Assert.All(first.Trainers, trainer => Assert.NotEqual(0, run.Status.Trainers[trainer].Place));
        return first;
    }

    private protected static void AssertNobodyMoved(FinishedRun run)
    {
        Assert.Empty(run.Events.OfType<TrainersMoved>());
        Assert.Empty(run.Events.OfType<TrainersRecovered>());
        Assert.All(run.Status.Trainers, trainer => Assert.Equal(0, trainer.Place));
    }

    private protected static bool IsOn(TrainerStatus trainer, SiloAddress silo) =>
        trainer.Silo.Contains($"{silo.Endpoint}", StringComparison.Ordinal);

    private protected static RunSpec Spec(int trainers, bool isLarge = false)
    {
        var spec = TestSpecs.Average(trainers, layers: 2, dropout: 0.2, epochs: 2, validationFraction: 0.2);
        return spec with
        {
            Speculate = SpeculationKind.Auto,
            Model = isLarge ? spec.Model with { HiddenSize = 200 } : spec.Model,
            Data = spec.Data.From<AverageSource>(average => average with { SequenceLength = 60 }),
        };
    }

    /// <summary>Whether a silo other than the coordinator's is at the chunk that it is late with.</summary>
    private protected bool IsLate(HeldChunk chunk, int other) =>
        chunk.Chunk == LateChunk && chunk.Replica < 5 && other < Others.Length && chunk.Silo.Equals(Others[other]);

    /// <summary>Starts silos whose chunks wait for what a test says; for nothing where that is null.</summary>
    private protected async Task StartAsync(
        Func<HeldChunk, Task?> hold, bool directSteps = true, WatchedChannels? channels = null)
    {
        Replicas.Before = chunk =>
        {
            // Until it is known which silo is the coordinator's.
            _ready.Task.Wait();
            hold(chunk)?.Wait();
        };
        Silos = await TestSilos.Start(3, silo =>
        {
            Replicas.AddTo(silo);
            if (channels is not null)
                silo.Services.AddSingleton<IChannelSecurity>(channels);
            silo.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<RunServices>(services) with { Time = _time });
        }, directSteps: directSteps);
    }

    private protected async Task<RunId> SubmitAsync(RunSpec spec)
    {
        var run = await Silos.Submit(spec);
        _coordinator = Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        Own = await Silos.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(_coordinator);
        Others = [.. Silos.Cluster.Silos.Select(silo => silo.SiloAddress).Where(silo => !silo.Equals(Own))];
        _ready.SetResult();
        return run;
    }

    /// <summary>Moves the coordinator's clock until trainers have moved. Then it stands still: nobody else is late by it.</summary>
    private protected async Task<FinishedRun> MovedAsync(RunId run)
    {
        await AdvanceUntilAsync(Silos.Until<TrainersMoved>(run, _ => true));
        return await Silos.Watch(run);
    }

    /// <summary>Moves the coordinator's clock, and lets it look, until something has happened.</summary>
    private protected async Task AdvanceUntilAsync(Task happened)
    {
        await Task.WhenAny(Late.Reached, happened);
        for (var moved = TimeSpan.Zero; !happened.IsCompleted && moved < Furthest; moved += Tick)
            await AdvanceAsync();
        await happened;
    }

    /// <summary>Coordinator and silos, which have another clock, get the time of some calls between two looks.</summary>
    private protected async Task AdvanceAsync()
    {
        await LookAsync(40);
        _time.Advance(Tick);
    }

    private protected async Task AdvanceAsync(TimeSpan span)
    {
        for (var moved = TimeSpan.Zero; moved < span; moved += Tick)
            await AdvanceAsync();
    }

    /// <summary>Gives the coordinator the time of some calls.</summary>
    private protected async Task LookAsync(int calls)
    {
        for (int call = 0; call < calls; call++)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await _coordinator.GetStatus();
        }
    }
}
