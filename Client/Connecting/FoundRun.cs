using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>A connected cluster whose protocol version matches this program's.</summary>
/// <param name="session">The connection.</param>
/// <param name="name">The cluster, for messages.</param>
/// <param name="report">The cluster's description of itself.</param>
internal sealed class OpenCluster(IClusterSession session, string name, ClusterReport report) : IAsyncDisposable
{
    /// <summary>The grains.</summary>
    public IRunService Runs => session.Runs;

    /// <summary>The grains of sweeps.</summary>
    public ISweepService Sweeps => session.Sweeps;

    /// <summary>Computes forecasts on the silos.</summary>
    public IForecastService Forecasts => session.Forecasts;

    /// <summary>The cluster, for messages.</summary>
    public string Name => name;

    /// <summary>The cluster's description of itself when the connection was opened.</summary>
    public ClusterReport Report => report;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => session.DisposeAsync();
}

/// <summary>A run, and the cluster that trains it.</summary>
/// <param name="info">The run as it was when it was found.</param>
/// <param name="cluster">The cluster; null when no silo is alive.</param>
/// <param name="selection">How it was found.</param>
internal sealed class FoundRun(RunInfo info, OpenCluster? cluster, ClusterSelection selection) : IAsyncDisposable
{
    /// <summary>The run as it was when it was found.</summary>
    public RunInfo Info => info;

    /// <summary>The run.</summary>
    public RunId Id => info.Directory.Id;

    /// <summary>The cluster; null when no silo is alive.</summary>
    public OpenCluster? Cluster => cluster;

    /// <summary>The grains.</summary>
    /// <exception cref="ClientException">No silo is alive; says what to do.</exception>
    public IRunService Runs => cluster?.Runs ?? throw new ClientException(
        $"no silo of run {Id} is alive; the run is {info.State}"
        + (info.IsResumable || !info.Status.HasEnded ? $"; continue it with '{Command("resume")}', or start a cluster with 'tbptt-silo'"
            : ""),
        ExitCode.Unreachable);

    /// <summary>The run's web page on one of the silos; null where none serves pages.</summary>
    public string? Page =>
        cluster?.Report.Silos.Select(silo => silo.Page).FirstOrDefault(page => page.Length > 0) is { } silo ? $"{silo}runs/{Id}" : null;

    /// <summary>Whether the run's files are on this machine.</summary>
    public bool HasFiles => !selection.IsNamed;

    /// <summary>Another command for this run, ready to be typed.</summary>
    public string Command(string verb) => $"tbptt {verb} {Id}{selection.Options}";

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
}
