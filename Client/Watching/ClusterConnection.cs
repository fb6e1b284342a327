using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Local;
using Orleans.Tbptt.Membership;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>An Orleans client that finds its gateways in the membership file, again and again: any silo may die.</summary>
internal sealed class ClusterConnection : IAsyncDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromMilliseconds(300);

    private readonly IHost _host;

    private ClusterConnection(IHost host)
    {
        _host = host;
        Grains = host.Services.GetRequiredService<IClusterClient>();
        Runs = new GrainRunService(Grains);
    }

    /// <summary>The grains.</summary>
    public IClusterClient Grains { get; }

    /// <summary>The grains as the console uses them.</summary>
    public IRunService Runs { get; }

    /// <summary>Connects to the silos of a cluster.</summary>
    /// <exception cref="ClientException">No silo can be reached.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> came first.</exception>
    public static async Task<ClusterConnection> OpenAsync(string membershipFile, string clusterId, CancellationToken cancellation)
    {
        SqliteMembership.Register();
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IHostLifetime, ClusterHost.NoLifetime>();
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (clusterId, SqliteMembership.ServiceId));
            client.UseAdoNetClustering(store =>
            {
                store.Invariant = SqliteMembership.Invariant;
                store.ConnectionString = SqliteMembership.ConnectionString(membershipFile);
            });
            client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
            client.Configure<ClientMessagingOptions>(messages => messages.MaxMessageBodySize = ClusterHost.MaxMessageBytes);
        });
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellation);
            return new(host);
        }
        catch (Exception exception)
        {
            host.Dispose();
            // Orleans does not always say it this way.
            cancellation.ThrowIfCancellationRequested();
            throw new ClientException($"cannot reach cluster {clusterId}: {Text.OneLine(exception.Message)}", ExitCode.Unreachable, exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _host.StopAsync().WaitAsync(CloseTimeout);
            _host.Dispose();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The silos may be gone already: there is nobody left to take leave of, and the process is about to end.
        }
    }
}
