using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>The cluster to start.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="Run">The run that the cluster is for; also its cluster id.</param>
/// <param name="Silos">How many silo processes.</param>
/// <param name="Detached">Whether the silos stay when the console goes, until the run has ended.</param>
internal sealed record ClusterPlan(string Runs, RunId Run, int Silos, bool Detached)
{
    /// <summary>The run's directory.</summary>
    public RunDirectory Directory => new(Runs, Run);

    /// <summary>Told every line of the spans and metrics that silos write for people; null where they write none.</summary>
    public Action<string>? Telemetry { get; init; }

    /// <summary>The log of a silo.</summary>
    /// <param name="number">From 1.</param>
    public string Log(int number) => Path.Combine(Directory.Logs, $"silo-{number}.log");
}

/// <summary>Starts clusters.</summary>
internal interface IClusterLauncher
{
    /// <summary>Starts silos and connects to them.</summary>
    /// <param name="plan">What to start.</param>
    /// <param name="notice">Told when a silo ends that nobody asked to end; on any thread.</param>
    /// <param name="cancellation">Gives up; nothing that was started stays.</param>
    /// <exception cref="ClientException">The cluster cannot be started; nothing of it is left.</exception>
    Task<ITrainingCluster> LaunchAsync(ClusterPlan plan, Action<string> notice, CancellationToken cancellation);
}

/// <summary>A cluster to train on.</summary>
internal interface ITrainingCluster : IAsyncDisposable
{
    /// <summary>The grains.</summary>
    IRunService Runs { get; }

    /// <summary>The processes of its silos.</summary>
    IReadOnlyList<int> Pids { get; }

    /// <summary>The web page of its run, served by its first living silo; null where none serves one.</summary>
    string? Page { get; }

    /// <summary>Completes, with the cause, when no silo is left that nobody asked to end.</summary>
    Task<string> Lost { get; }

    /// <summary>Ends every silo: with a word, and without one where that takes 2 s.</summary>
    Task EndAsync();

    /// <summary>Ends every silo at once.</summary>
    void Kill();
}
