using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Messaging;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>
/// An Orleans client that learns from the test which gateways there are: it works whatever happens to the membership store, and never calls
/// a silo that the test knows to be dead or frozen.
/// </summary>
internal sealed class ChaosClient : IAsyncDisposable
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly IHost _host;

    private ChaosClient(IHost host) => (_host, Grains) = (host, host.Services.GetRequiredService<IClusterClient>());

    /// <summary>The grains. A call fails when the silo of its grain dies; see <see cref="Ask"/>.</summary>
    public IClusterClient Grains { get; }

    /// <summary>Connects to a cluster.</summary>
    /// <param name="cluster">The cluster's id.</param>
    /// <param name="gateways">The gateways of this moment.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<ChaosClient> ConnectAsync(string cluster, Func<IReadOnlyList<IPEndPoint>> gateways,
        CancellationToken cancellation)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (cluster, ChaosCluster.ServiceId));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = Refresh);
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = AnswerTimeout);
            client.Services.AddSingleton<IGatewayListProvider>(new Gateways(gateways));
        });
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellation);
            return new(host);
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Asks until an answer comes: while a cluster loses silos, calls fail or are not answered.</summary>
    /// <param name="what">What is asked, for the message.</param>
    /// <param name="call">The call, made again when it fails or gives null; it must be one that does no harm twice.</param>
    /// <param name="patience">The deadline; <see cref="Wait.Patience"/> when null.</param>
    public static Task<T> Ask<T>(string what, Func<Task<T?>> call, TimeSpan? patience = null) where T : class => Wait.For<T>(
        what,
        async () =>
        {
            try
            {
                return await call().WaitAsync(AnswerTimeout + TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                throw new NotYetException(e.Message, e);
            }
        },
        patience);

    public async ValueTask DisposeAsync()
    {
        // The silos may be gone: then there is nobody to take leave of, and the client is only let go of.
        await _host.StopAsync().WaitAsync(CloseTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            _host.Dispose();
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or OrleansException)
        {
            // Nor is anybody left to answer to.
        }
    }

    private sealed class Gateways(Func<IReadOnlyList<IPEndPoint>> gateways) : IGatewayListProvider
    {
        public TimeSpan MaxStaleness => Refresh;

        public bool IsUpdatable => true;

        public Task InitializeGatewayListProvider() => Task.CompletedTask;

        public Task<IList<Uri>> GetGateways() =>
            Task.FromResult<IList<Uri>>([.. gateways().Select(gateway => SiloAddress.New(gateway, 0).ToGatewayUri())]);
    }
}
