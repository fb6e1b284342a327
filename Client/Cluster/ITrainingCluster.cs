using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>The cluster to start.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="Run">The run that the cluster trains; also its cluster ID.</param>
/// <param name="Silos">How many silo processes.</param>
/// <param name="Detached">Whether the silos outlive the console, until the run has ended.</param>
internal sealed record ClusterPlan(string Runs, RunId Run, int Silos, bool Detached)
{
    /// <summary>Whether the cluster is for a sweep, whose ID <see cref="Run"/> is then.</summary>
    public bool IsSweep { get; init; }

    /// <summary>The directory of the run, or of the sweep.</summary>
    public RunDirectory Directory => new(IsSweep ? Path.Combine(Runs, SweepDirectory.Name) : Runs, Run);

    /// <summary>Receives each line of the spans and metrics that silos write as text; null where they write none.</summary>
    public Action<string>? Telemetry { get; init; }

    /// <summary>Receives what the start waits for, for the user.</summary>
    public Action<string> Phase { get; init; } = _ => { };

    /// <summary>The log of a silo.</summary>
    /// <param name="number">From 1.</param>
    public string Log(int number) => Path.Combine(Directory.Logs, $"silo-{number}.log");
}

/// <summary>Starts clusters.</summary>
internal interface IClusterLauncher
{
    /// <summary>Starts silos and connects to them.</summary>
    /// <param name="plan">What to start.</param>
    /// <param name="notice">Called, on any thread, when a silo ends unasked.</param>
    /// <param name="cancellation">Cancels the start; everything started is ended.</param>
    /// <exception cref="ClientException">The cluster cannot be started; no process of it remains.</exception>
    Task<ITrainingCluster> LaunchAsync(ClusterPlan plan, Action<string> notice, CancellationToken cancellation);

    /// <summary>Starts a silo that serves a model.</summary>
    /// <param name="plan">What to serve, and where.</param>
    /// <param name="cancellation">Cancels the start; what was started is ended.</param>
    /// <exception cref="ClientException">It cannot be started; no process of it remains.</exception>
    Task<IServingSilo> ServeAsync(ServePlan plan, CancellationToken cancellation);
}

/// <summary>A cluster to train on.</summary>
internal interface ITrainingCluster : IAsyncDisposable
{
    /// <summary>The grains.</summary>
    IRunService Runs { get; }

    /// <summary>The grains of sweeps.</summary>
    ISweepService Sweeps { get; }

    /// <summary>The processes of its silos.</summary>
    IReadOnlyList<int> Pids { get; }

    /// <summary>The web page of its run, served by its first living silo; null where none serves one.</summary>
    string? Page { get; }

    /// <summary>Completes, with the cause, when the last silo has ended unasked.</summary>
    Task<string> Lost { get; }

    /// <summary>Asks every silo to end; kills those that take longer than 2 s.</summary>
    Task EndAsync();

    /// <summary>Ends every silo at once.</summary>
    void Kill();
}
