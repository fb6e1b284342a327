using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime.MembershipService;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Security;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Stores;
using Orleans.Tbptt.Silo.Web;
using Serilog;
using StackExchange.Redis;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>A silo that has joined its cluster, with the resources that it holds.</summary>
/// <param name="Host">The host.</param>
/// <param name="Page">Its web page; null where it serves none.</param>
/// <param name="Store">Membership and grain directory.</param>
/// <param name="Tls">The TLS identity of its connections; null where they are plain.</param>
internal sealed record RunningSilo(IHost Host, Uri? Page, SiloStore Store, TlsIdentity? Tls) : IAsyncDisposable
{
    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Host.Dispose();
        await Store.DisposeAsync();
        Tls?.Dispose();
    }
}

/// <summary>Starts a silo on free ports, and reports a failure in one line.</summary>
internal static class SiloStarter
{
    private const int Attempts = 5;

    /// <summary>Starts a silo, which has joined its cluster when this returns.</summary>
    /// <exception cref="SiloStartException">The silo could not start.</exception>
    public static async Task<RunningSilo> StartAsync(SiloSettings settings, TimeProvider time, CancellationToken cancellation)
    {
        _ = settings.ActualDevice;
        CheckRunStore(settings.Runs);
        var tls = default(TlsIdentity);
        var store = default(SiloStore);
        try
        {
            tls = settings.Clustering.Tls.IsOn ? TlsIdentity.Load(settings.Clustering.Tls, time) : null;
            store = await SiloStore.OpenAsync(settings.Clustering, time, cancellation);
            WebAddress.Check(settings.Web);
            var host = await StartOnFreePortsAsync(settings, store, tls, cancellation);
            var page = host.Services.GetRequiredService<SiloPage>();
            page.Address = WebAddress.Of(host, settings);
            return new(host, page.Address, store, tls);
        }
        catch (Exception exception)
        {
            if (store is not null)
                await store.DisposeAsync();
            tls?.Dispose();
            if (exception is MembershipStoreException)
                throw new SiloStartException(exception.Message, SiloExitCode.Unreachable, exception);
            if (exception is ClusterSettingsException)
                throw new SiloStartException(exception.Message, SiloExitCode.WrongConfiguration, exception);
            throw;
        }
    }

    private static async Task<IHost> StartOnFreePortsAsync(
        SiloSettings settings, SiloStore store, TlsIdentity? tls, CancellationToken cancellation)
    {
        if (FreePorts.FindTaken(settings.IPAddress, settings.SiloPort, settings.GatewayPort) is { } taken)
            throw new SiloStartException($"ports: {taken} of {settings.Address} is in use; choose another one, or omit it",
                SiloExitCode.WrongConfiguration);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await StartOnceAsync(settings, store, tls, cancellation);
            }
            catch (Exception exception) when (WebAddress.IsPortInUse(exception))
            {
                throw WebAddress.PortInUse(settings.Web, exception);
            }
            catch (Exception exception) when (FreePorts.IsPortInUse(exception))
            {
                bool chosen = settings.SiloPort == 0 || settings.GatewayPort == 0;
                if (!chosen || attempt == Attempts)
                    throw new SiloStartException(
                        $"ports: {Ports(settings)} of {settings.Address} in use; choose others, or omit them",
                        SiloExitCode.WrongConfiguration, exception);
                Log.Information("A port was taken before the silo could use it; trying others");
            }
        }
    }

    private static async Task<IHost> StartOnceAsync(
        SiloSettings settings, SiloStore store, TlsIdentity? tls, CancellationToken cancellation)
    {
        var host = default(IHost);
        try
        {
            using var ports = FreePorts.Take(settings.IPAddress, settings.SiloPort, settings.GatewayPort);
            host = SiloHost.Build(settings, store, tls, ports.Silo, ports.Gateway);
            await host.StartAsync(cancellation);
            return host;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            bool isTaken = FreePorts.IsPortInUse(exception);
            if (!isTaken)
                Log.Fatal(exception, "The silo could not start");
            host?.Dispose();
            if (isTaken)
                throw;
            int code = Causes(exception).Any(IsUnreachable) ? SiloExitCode.Unreachable : SiloExitCode.WrongConfiguration;
            throw new SiloStartException($"the silo could not start: {Causes(exception).Last().Message.ReplaceLineEndings(" ")}", code,
                exception);
        }
    }

    /// <summary>Whether the store became unreachable during the start, or silos listed in it do not answer.</summary>
    private static bool IsUnreachable(Exception cause) =>
        cause is DbException or RedisException or TimeoutException or OrleansClusterConnectivityCheckFailedException;

    /// <summary>Checks that the run store can be written, so that the error shows now and not at the first run.</summary>
    private static void CheckRunStore(string runs)
    {
        try
        {
            Directory.CreateDirectory(runs);
            string probe = Path.Combine(runs, $".probe-{Environment.ProcessId}-{Path.GetRandomFileName()}");
            using (new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SiloStartException($"runs: cannot use {runs}: {exception.Message}", SiloExitCode.Unreachable, exception);
        }
    }

    private static string Ports(SiloSettings settings) =>
        (settings.SiloPort, settings.GatewayPort) is (0, 0) ? "every port that was tried is"
            : $"{settings.SiloPort} or {settings.GatewayPort} is";

    private static IEnumerable<Exception> Causes(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
            yield return exception;
    }
}
