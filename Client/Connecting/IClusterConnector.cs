using Orleans.Tbptt.Client.Watching;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>Finds and reaches clusters that somebody else started.</summary>
internal interface IClusterConnector
{
    /// <summary>Whether a silo listens that is on the list of a SQLite file. It need not be well.</summary>
    Task<bool> HasSilosAsync(ClusterAddress address, CancellationToken cancellation);

    /// <summary>Connects.</summary>
    /// <exception cref="ClientException">No silo can be reached.</exception>
    Task<IClusterSession> OpenAsync(ClusterAddress address, CancellationToken cancellation);
}

/// <summary>A connection to a cluster.</summary>
internal interface IClusterSession : IAsyncDisposable
{
    /// <summary>The grains.</summary>
    IRunService Runs { get; }
}
