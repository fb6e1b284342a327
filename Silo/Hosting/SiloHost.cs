using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Cluster.Security;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Mlflow;
using Orleans.Tbptt.Silo.Stores;
using Orleans.Tbptt.Silo.Telemetry;
using Orleans.Tbptt.Silo.Web;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>Builds the host of a silo.</summary>
internal static class SiloHost
{
    /// <summary>How long a silo may take to leave its cluster in an orderly way.</summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(1.5);

    /// <summary>Orleans' default, a million, takes 18 MB; a cluster has a few grains for each run.</summary>
    private const int MaxCachedAddresses = 10_000;

    /// <summary>Builds the host of one silo.</summary>
    public static IHost Build(SiloSettings settings, SiloStore store, TlsIdentity? tls, int siloPort, int gatewayPort)
    {
        if (!settings.Web.IsOn)
        {
            // No defaults: the project brings its own configuration and logging, and the console lifetime would handle Ctrl-C, which the
            // parent handles.
            var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
            AddSilo(builder, settings, store, tls, siloPort, gatewayPort);
            return builder.Build();
        }

        var webBuilder = WebHost.CreateBuilder(settings);
        AddSilo(webBuilder, settings, store, tls, siloPort, gatewayPort);
        var web = webBuilder.Build();
        WebHost.Configure(web);
        return web;
    }

    private static void AddSilo(
        IHostApplicationBuilder builder, SiloSettings settings, SiloStore store, TlsIdentity? tls, int siloPort, int gatewayPort)
    {
        builder.Services.AddSingleton<IHostLifetime, ClusterHost.NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        SiloLog.AddTo(builder.Services);
        builder.AddTelemetry(settings);
        if (settings.Mlflow.IsOn)
            builder.Services.AddMlflow(settings);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(cluster =>
                (cluster.ClusterId, cluster.ServiceId) = (settings.Clustering.ClusterId, ClusteringSettings.ServiceId));
            silo.Configure<SiloOptions>(names => names.SiloName = settings.EffectiveName);
            silo.ConfigureEndpoints(settings.IPAddress, siloPort, gatewayPort);
            store.AddTo(silo);
            silo.Configure<ClusterMembershipOptions>(NoticeDeathsSoon);
            silo.Configure<GrainDirectoryOptions>(directory => directory.CacheSize = MaxCachedAddresses);
            silo.Services.Replace(ServiceDescriptor.Singleton<IFatalErrorHandler, FatalExit>());
            if (tls is not null)
                Secure(silo, tls);
            silo.AddTbptt(grains =>
            {
                grains.RunsDirectory = settings.Runs;
                grains.Device = settings.DeviceName;
                grains.GrainDirectory = store.Directory;
                grains.Slots = settings.ActualSlots;
                grains.DataRoots = settings.DataRoots;
                grains.Serve = settings.Serve.Options;
            });
        });
    }

    private static void Secure(ISiloBuilder silo, TlsIdentity tls)
    {
        silo.Services.AddSingleton<IChannelSecurity>(new TlsChannels(tls));
        silo.Services.AddOptions<SiloConnectionOptions>().Configure<ILogger<RefusedPeers>>((connections, logger) =>
        {
            var refused = new RefusedPeers(logger);
            connections.ConfigureSiloInboundConnection(refused.Report);
            connections.ConfigureGatewayInboundConnection(refused.Report);
        });
        silo.UseTls(tls.Secure);
    }

    /// <summary>
    /// The others declare a killed silo dead after 2 to 4 s instead of 10: a step waits that long for its trainers. They must not declare
    /// one dead that answers late, because it has little of a processor that others use, too.
    /// </summary>
    private static void NoticeDeathsSoon(ClusterMembershipOptions membership)
    {
        // Until answers have come; then Orleans waits for the mean of the last answers, and as much longer as they varied, half of this at
        // least. A silo that has just joined compiles what it answers with, and on a busy machine that takes seconds.
        membership.ProbeTimeout = TimeSpan.FromSeconds(1.5);
        membership.MinProbeTimeout = TimeSpan.FromSeconds(0.7);
        membership.NumMissedProbesLimit = 3;
        // The liveness check of connections waits this long per probe after the last message, so a late answer counts as a sign of life.
        // This bounds, too, how soon a silo is noticed that was frozen or cut off.
        membership.MaxProbeTimeout = TimeSpan.FromSeconds(1.5);
        membership.NumVotesForDeathDeclaration = 2;
        // A silo that was declared dead while frozen works on until it reads the table.
        membership.TableRefreshTimeout = TimeSpan.FromSeconds(1);
        // When all silos were killed at once, a new silo has to reach every silo of the table that seems alive: the killed ones cease to
        // seem alive after this period times the number of misses.
        membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(1);
        membership.NumMissedTableIAmAliveLimit = 3;
        membership.DefunctSiloExpiration = TimeSpan.FromHours(1);
        membership.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
    }
}
