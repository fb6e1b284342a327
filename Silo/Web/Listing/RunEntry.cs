using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Listing;

/// <summary>A run in the list of all.</summary>
/// <param name="Info">The run and its status.</param>
/// <param name="Spec">Its spec's keys and values; empty where the file cannot be read.</param>
/// <param name="Notes">What users have noted.</param>
internal sealed record RunEntry(RunInfo Info, IReadOnlyDictionary<string, string> Spec, RunNotes Notes)
{
    /// <summary>The run's ID.</summary>
    public string Id => Info.Status.Id;

    /// <summary>The status.</summary>
    public RunStatus Status => Info.Status;

    /// <summary><see cref="StateOf"/>.</summary>
    public string State => StateOf(Info);

    /// <summary>A run's state as one word; <c>interrupted</c> or <c>lost</c> where nobody trains the unfinished run.</summary>
    public static string StateOf(RunInfo run) => run.IsInterrupted ? "interrupted" : run.IsLost ? "lost" : Text.State(run.Status.State);

    /// <summary>Whether the run's figures may still change.</summary>
    public bool IsActive => !Info.IsLost && Info.Status.State is RunState.Starting or RunState.Running or RunState.Queued;
}
