using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Membership;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>Connects with an Orleans client.</summary>
internal sealed class ClusterConnector : IClusterConnector
{
    /// <inheritdoc/>
    public Task<bool> HasSilosAsync(ClusterAddress address, CancellationToken cancellation) =>
        SqliteSilos.AnyListensAsync(address.Connection, address.ClusterId, cancellation);

    /// <inheritdoc/>
    public async Task<IClusterSession> OpenAsync(ClusterAddress address, CancellationToken cancellation) =>
        new Session(await ClusterConnection.OpenAsync(Settings(address), cancellation));

    /// <summary>The address, with the TLS settings of this program.</summary>
    private static ClusteringSettings Settings(ClusterAddress address) => ClusterSelection.OrClientException(() => ClusteringSettings.Read(
        ClusteringSettings.Sources(
        [
            new(ClusteringSettings.ProviderKey, $"{address.Provider}"),
            new(ClusteringSettings.ConnectionKey, address.Connection),
            new(ClusteringSettings.ClusterIdKey, address.ClusterId),
        ]),
        address.Connection));

    private sealed class Session(ClusterConnection connection) : IClusterSession
    {
        public IRunService Runs => connection.Runs;

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
