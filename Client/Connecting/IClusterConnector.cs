using Orleans.Tbptt.Client.Watching;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>Connects to clusters that this console did not start.</summary>
internal interface IClusterConnector
{
    /// <summary>Whether a silo listed in a SQLite membership file accepts connections. It need not be healthy.</summary>
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

    /// <summary>The grains of sweeps.</summary>
    ISweepService Sweeps { get; }

    /// <summary>Computes forecasts on the silos.</summary>
    IForecastService Forecasts { get; }
}
