using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Cluster.Security;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>An Orleans client that keeps reading its gateways from the cluster's membership, because any silo may die.</summary>
internal sealed class ClusterConnection : IAsyncDisposable
{
    /// <summary>After this time without an answer, and again each time, the cause is looked for.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long a silo is waited for that listens and does not answer.</summary>
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromMilliseconds(300);

    private readonly IHost _host;
    private readonly TlsIdentity? _tls;

    private ClusterConnection(IHost host, TlsIdentity? tls)
    {
        (_host, _tls) = (host, tls);
        Grains = host.Services.GetRequiredService<IClusterClient>();
        Runs = new GrainRunService(Grains);
    }

    /// <summary>The grains.</summary>
    public IClusterClient Grains { get; }

    /// <summary>The operations that the console calls.</summary>
    public IRunService Runs { get; }

    /// <summary>Connects to the silos of a local cluster, with the TLS settings of this program.</summary>
    /// <param name="membershipFile">The SQLite file of the membership.</param>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    /// <exception cref="ClientException">No silo can be reached, or a setting is wrong.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public static Task<ClusterConnection> OpenAsync(string membershipFile, string clusterId, CancellationToken cancellation)
    {
        var tls = ClientException.OrThrow(() => TlsSettings.Read(ClusteringSettings.Sources([])));
        return OpenAsync(ClusteringSettings.OfFile(membershipFile, clusterId) with { Tls = tls }, cancellation);
    }

    /// <summary>Connects to the silos of a cluster.</summary>
    /// <exception cref="ClientException">No silo can be reached, or a certificate cannot be used.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public static async Task<ClusterConnection> OpenAsync(ClusteringSettings settings, CancellationToken cancellation)
    {
        var tls = settings.Tls.IsOn ? ClientException.OrThrow(() => TlsIdentity.Load(settings.Tls, TimeProvider.System)) : null;
        var host = Build(settings, tls);
        // Orleans keeps retrying gateways that refuse the connection.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(OpenTimeout);
        UnansweredCause? cause = null;
        try
        {
            var starting = host.StartAsync(patience.Token);
            while (cause is null or { MayPass: true } && !patience.IsCancellationRequested
                && await Task.WhenAny(starting, Task.Delay(AnswerTimeout, patience.Token)) != starting)
                cause = await UnansweredCause.FindAsync(await ListedAsync(host), tls is not null);
            if (!starting.IsCompleted)
                await patience.CancelAsync();
            await starting.WaitAsync(patience.Token);
            return new(host, tls);
        }
        catch (Exception exception)
        {
            host.Dispose();
            tls?.Dispose();
            // Orleans does not always throw OperationCanceledException here.
            cancellation.ThrowIfCancellationRequested();
            string reason = patience.IsCancellationRequested && cause is not null ? cause.Text : Text.OneLine(exception.Message);
            throw new ClientException($"cannot reach cluster {settings.ClusterId} ({settings.Description}): {reason}", ExitCode.Unreachable,
                exception);
        }
    }

    /// <summary>The silos that are listed as alive; none where the list cannot be read, which Orleans' own exception reports.</summary>
    private static async Task<IReadOnlyCollection<Uri>> ListedAsync(IHost host) =>
        [.. await host.Services.GetRequiredService<Orleans.Messaging.IGatewayListProvider>().GetGateways()];

    private static IHost Build(ClusteringSettings settings, TlsIdentity? tls)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IHostLifetime, ClusterHost.NoLifetime>();
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(cluster =>
                (cluster.ClusterId, cluster.ServiceId) = (settings.ClusterId, ClusteringSettings.ServiceId));
            client.UseClustering(settings);
            if (Traces.Source.HasListeners())
                client.AddActivityPropagation();
            if (tls is not null)
                client.UseTls(tls.Secure);
            client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
            client.Configure<ClientMessagingOptions>(messages => messages.MaxMessageBodySize = ClusterHost.MaxMessageBytes);
        });
        return builder.Build();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _host.StopAsync().WaitAsync(CloseTimeout);
            _host.Dispose();
            _tls?.Dispose();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The silos may have ended already, and the process is about to end.
        }
    }
}
