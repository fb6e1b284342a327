using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.GrainDirectory;

namespace Orleans.Tbptt.Grains.Placement;

/// <summary>Where the grains of a silo live that is the only one of its cluster: in its memory, which goes with it as they do.</summary>
internal sealed class OneSiloDirectory : IGrainDirectory
{
    private readonly ConcurrentDictionary<GrainId, GrainAddress> _places = [];

    /// <inheritdoc/>
    public Task<GrainAddress?> Register(GrainAddress address) => Register(address, null);

    /// <inheritdoc/>
    public Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress) =>
        Task.FromResult<GrainAddress?>(_places.AddOrUpdate(address.GrainId, address,
            (_, standing) => standing.ActivationId.Equals(previousAddress?.ActivationId ?? default) ? address : standing));

    /// <inheritdoc/>
    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult(_places.GetValueOrDefault(grainId));

    /// <inheritdoc/>
    public Task Unregister(GrainAddress address)
    {
        if (_places.TryGetValue(address.GrainId, out var standing) && standing.ActivationId.Equals(address.ActivationId))
            _places.TryRemove(KeyValuePair.Create(address.GrainId, standing));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task UnregisterSilos(List<SiloAddress> siloAddresses)
    {
        foreach (var place in _places.Where(place => place.Value.SiloAddress is { } silo && siloAddresses.Contains(silo)))
            _places.TryRemove(place);
        return Task.CompletedTask;
    }
}

/// <summary>
/// Refuses to start a silo without a shared grain directory next to others, and ends one that others join: two coordinators could train
/// one run.
/// </summary>
internal sealed partial class OnlySilo(
    ISiloStatusOracle silos, ILocalSiloDetails self, IOptions<TbpttGrainsOptions> options, IHostApplicationLifetime host,
    ILogger<OnlySilo> log)
    : ILifecycleParticipant<ISiloLifecycle>, ISiloStatusListener
{
    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer)
    {
        if (options.Value.GrainDirectory is not null)
            return;
        observer.Subscribe(nameof(OnlySilo), ServiceLifecycleStage.Active - 1, _ =>
        {
            int others = silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Count(silo => !silo.Equals(self.SiloAddress));
            if (others > 0)
                throw new OrleansConfigurationException(Fault(others));

            // Silos that start together do not see each other as active yet.
            silos.SubscribeToSiloStatusEvents(this);
            return Task.CompletedTask;
        });
    }

    /// <inheritdoc/>
    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (status != SiloStatus.Active || updatedSilo.Equals(self.SiloAddress))
            return;
        string fault = Fault(1);
        LogEnd(log, fault);
        host.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Fault}; this silo ends")]
    private static partial void LogEnd(ILogger log, string fault);

    private static string Fault(int others) =>
        $"AddTbptt: {nameof(TbpttGrainsOptions.GrainDirectory)}: found none with {Silos(others)} in the cluster, "
        + "expected a directory that all silos share; set it on every silo, for example to an AdoNetGrainDirectory";

    private static string Silos(int others) => others == 1 ? "another active silo" : $"{others} other active silos";
}
