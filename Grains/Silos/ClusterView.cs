using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>A silo that has answered.</summary>
internal readonly record struct LivingSilo(SiloAddress Address, SiloReport Report);

/// <summary>Looks at the cluster's silos from this one.</summary>
internal sealed partial class ClusterView(
    ISiloStatusOracle silos, ILocalSiloDetails self, SiloServiceClient services, SiloSelf own, IHostApplicationLifetime lifetime,
    IClusterManifestProvider manifests, TimeProvider time, ILogger<ClusterView> logger)
{
    /// <summary>A silo that takes longer than this to say how it is gets nothing to do.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The addresses of the silos that are active, this one first.</summary>
    public IReadOnlyList<SiloAddress> Active =>
        [self.SiloAddress, .. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Where(silo => !silo.Equals(self.SiloAddress))
            .Order()];

    /// <summary>
    /// Whether this silo is a whole member of its cluster. What fails on one that is not, because it ends or was declared dead, says
    /// nothing about a run.
    /// </summary>
    public bool IsMember => silos.CurrentStatus == SiloStatus.Active && !lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Asks every active silo; those that do not answer are left out.</summary>
    /// <param name="but">Silos that are not asked, because nobody wants to wait for them.</param>
    public async Task<IReadOnlyList<LivingSilo>> Look(IReadOnlySet<SiloAddress>? but = null)
    {
        var reports = await Task.WhenAll(Active.Where(silo => but?.Contains(silo) != true).Select(Ask));
        return [.. reports.OfType<LivingSilo>()];
    }

    /// <summary>Whether another silo stays in the cluster; null while none says so, and one has not answered.</summary>
    public async Task<bool?> OtherStays()
    {
        var reports = await Task.WhenAll(Active.Where(silo => !silo.Equals(self.SiloAddress)).Select(Ask));
        return reports.Any(one => one is { Report.Draining: false }) ? true : reports.Any(one => one is null) ? null : false;
    }

    /// <summary>Asks every active silo what it has used, by name; those that do not answer are left out.</summary>
    public async Task<IReadOnlyList<SiloLoad>> LookAtLoads()
    {
        var loads = await Task.WhenAll(Active.Select(silo => AskOrNull(silo, service => service.Load())));
        return [.. loads.OfType<SiloLoad>().OrderBy(load => load.Name, StringComparer.Ordinal)];
    }

    private async Task<LivingSilo?> Ask(SiloAddress silo) => silo.Equals(self.SiloAddress) ? new(silo, own.Report())
        : await AskOrNull(silo, service => ReportOf(silo, service)) is { } report ? new(silo, report)
        : null;

    private async Task<SiloReport> ReportOf(SiloAddress silo, ISiloService service)
    {
        var report = await service.Report();
        await AwaitManifest(silo);
        return report;
    }

    /// <summary>
    /// Waits until grains can be placed on a silo. One that has just joined is active before this silo has its manifest; until then Orleans
    /// ignores a placement hint that names it, without an error, and activates the grain elsewhere.
    /// </summary>
    private async Task AwaitManifest(SiloAddress silo)
    {
        if (manifests.Current.Silos.ContainsKey(silo))
            return;
        using var patience = new CancellationTokenSource(Patience, time);
        await foreach (var manifest in manifests.Updates.WithCancellation(patience.Token))
        {
            if (manifest.Silos.ContainsKey(silo))
                return;
        }

        throw new TimeoutException($"The manifest of silo {silo} has not arrived.");
    }

    private async Task<T?> AskOrNull<T>(SiloAddress silo, Func<ISiloService, Task<T>> ask) where T : class
    {
        try
        {
            return await ask(services.On(silo)).WaitAsync(Patience, time);
        }
#pragma warning disable CA1031 // However it fails, the silo has nothing to offer at present.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogSilent(e, silo);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Silo {Silo} does not say how it is")]
    private partial void LogSilent(Exception exception, SiloAddress silo);
}
