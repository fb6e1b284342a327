using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime.Placement;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>A coordinator was called, on a silo by hint.</summary>
internal sealed record CoordinatorCalled(string Run, SiloAddress Where);

/// <summary>A supervisor's silo without a cluster: the test provides the silos, the clock and the grains.</summary>
internal sealed class SupervisorSilo : IHostApplicationLifetime, ILocalSiloDetails, IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly RunSupervisor _supervisor;
    private readonly ChannelWriter<CoordinatorCalled> _called;

    public SupervisorSilo(SiloAddress self, SiloAddress[] living, RunStore store, ChannelWriter<CoordinatorCalled> called)
    {
        (SiloAddress, Living, _called, Occupants) = (self, [.. living], called, new(Drain));
        ApplicationStopping = _ending.Token;
        var oracle = Fake.Of<ISiloStatusOracle>((method, _) => method.Name switch
        {
            nameof(ISiloStatusOracle.GetApproximateSiloStatuses) => Living.ToDictionary(one => one, _ => SiloStatus.Active),
            _ => throw new NotSupportedException(method.Name),
        });
        var grains = Fake.Of<IGrainFactory>((method, arguments) => method.GetGenericArguments()[0] == typeof(ICoordinatorGrain)
            ? Coordinator((string)arguments[0]!)
            : Fake.Of<ITrainerGrain>((_, released) =>
            {
                Released.Add((arguments[0]!.ToString()!, (int)released[0]!));
                return Task.CompletedTask;
            }));
        _supervisor = new(
            store, new(oracle, this, null!, null!, this, null!, Time, NullLogger<ClusterView>.Instance), Occupants, grains,
            this, this, Time, NullLogger<RunSupervisor>.Instance);
    }

    public WatchedTime Time { get; } = new();

    public SiloDrain Drain { get; } = new();

    public SiloOccupants Occupants { get; }

    public List<SiloAddress> Living { get; }

    public List<(string Trainer, int Generation)> Released { get; } = [];

    public Func<string, Task> EnsureRunning { get; set; } = _ => Task.CompletedTask;

    public SiloAddress SiloAddress { get; }

    /// <summary>Asked for by the supervisor's task, which may still run when the source of it is disposed of.</summary>
    public CancellationToken ApplicationStopping { get; }

    public CancellationToken ApplicationStarted => throw new NotSupportedException();

    public CancellationToken ApplicationStopped => throw new NotSupportedException();

    public string Name => "";

    public string ClusterId => "ours";

    public string DnsHostName => "";

    public SiloAddress GatewayAddress => SiloAddress;

    /// <summary>Reaches the stage at which supervisors start.</summary>
    public async Task Start()
    {
        ILifecycleObserver? observer = null;
        _supervisor.Participate(Fake.Of<ISiloLifecycle>((_, arguments) =>
        {
            observer = (ILifecycleObserver)arguments[2]!;
            return null;
        }));
        await observer!.OnStart(CancellationToken.None);
        await Time.Waits(RunSupervisor.Period);
    }

    /// <summary>Ends the supervisor.</summary>
    public void Dispose()
    {
        _ending.Cancel();
        _ending.Dispose();
    }

    public void StopApplication() => throw new NotSupportedException();

    private ICoordinatorGrain Coordinator(string run) => Fake.Of<ICoordinatorGrain>((method, _) =>
    {
        Assert.Equal(nameof(ICoordinatorGrain.EnsureRunning), method.Name);
        var task = EnsureRunning(run);
        _called.TryWrite(new(run, (SiloAddress)RequestContext.Get(IPlacementDirector.PlacementHintKey)!));
        return task;
    });
}
