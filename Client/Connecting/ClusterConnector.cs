using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Cluster.Security;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>Connects with an Orleans client.</summary>
internal sealed class ClusterConnector : IClusterConnector
{
    /// <inheritdoc/>
    public Task<bool> HasSilosAsync(ClusterAddress address, CancellationToken cancellation) =>
        SqliteSilos.AnyListensAsync(address.Connection, address.ClusterId, cancellation);

    /// <inheritdoc/>
    public async Task<IClusterSession> OpenAsync(ClusterAddress address, CancellationToken cancellation) =>
        new Session(await ClusterConnection.OpenAsync(
            new ClusteringSettings
            {
                Provider = address.Provider,
                Connection = address.Connection,
                ClusterId = address.ClusterId,
                Tls = ClientException.OrThrow(() => TlsSettings.Read(ClusteringSettings.Sources([]))),
            },
            cancellation));

    private sealed class Session(ClusterConnection connection) : IClusterSession
    {
        public IRunService Runs => connection.Runs;

        public ISweepService Sweeps { get; } = new GrainSweepService(() => Task.FromResult<IGrainFactory>(connection.Grains));

        public IForecastService Forecasts { get; } = new GrainForecastService(connection.Grains);

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
