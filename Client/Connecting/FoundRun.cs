using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>A cluster that answers and speaks as this program does.</summary>
/// <param name="session">The connection.</param>
/// <param name="name">The cluster, for messages.</param>
/// <param name="report">What it said of itself.</param>
internal sealed class OpenCluster(IClusterSession session, string name, ClusterReport report) : IAsyncDisposable
{
    /// <summary>The grains.</summary>
    public IRunService Runs => session.Runs;

    /// <summary>The cluster, for messages.</summary>
    public string Name => name;

    /// <summary>What it said of itself at the beginning.</summary>
    public ClusterReport Report => report;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => session.DisposeAsync();
}

/// <summary>A run, and the cluster that answers for it.</summary>
/// <param name="known">The run as it was when it was found.</param>
/// <param name="cluster">The cluster; null when no silo is alive.</param>
/// <param name="selection">How it was found.</param>
internal sealed class FoundRun(KnownRun known, OpenCluster? cluster, ClusterSelection selection) : IAsyncDisposable
{
    /// <summary>The run as it was when it was found.</summary>
    public KnownRun Known => known;

    /// <summary>The run.</summary>
    public RunId Id => known.Directory.Id;

    /// <summary>The cluster; null when no silo is alive.</summary>
    public OpenCluster? Cluster => cluster;

    /// <summary>The grains.</summary>
    /// <exception cref="ClientException">No silo is alive; says what to do.</exception>
    public IRunService Runs => cluster?.Runs ?? throw new ClientException(
        $"no silo of run {Id} is alive, it is {known.State}"
        + (known.IsResumable || !known.Status.HasEnded ? $"; '{Command("resume")}' goes on with it, 'tbptt-silo' starts a cluster" : ""),
        ExitCode.Unreachable);

    /// <summary>Where the run is shown, by one of the silos; null where none serves pages.</summary>
    public string? Page =>
        cluster?.Report.Silos.Select(silo => silo.Page).FirstOrDefault(page => page.Length > 0) is { } silo ? $"{silo}runs/{Id}" : null;

    /// <summary>Whether the run's files are on this machine.</summary>
    public bool HasFiles => !selection.IsNamed;

    /// <summary>Another command about this run, to be typed as it is.</summary>
    public string Command(string verb) => $"tbptt {verb} {Id}{selection.Options}";

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
}
