using System.Collections.Concurrent;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>
/// Runs that somebody had paused or stopped, or that had failed, when the sweep was resumed: it continues each of them once. What somebody
/// pauses or stops later stays so, whichever silo drives the sweep.
/// </summary>
/// <remarks>A sweep never pauses a run, and stops one by the run's limits alone, or with the sweep itself.</remarks>
internal sealed class HeldRuns
{
    private static readonly string[] Limits = ["(limits.epochs)", "(limits.steps)"];

    private readonly ConcurrentDictionary<string, bool> _runs = new(StringComparer.Ordinal);

    /// <summary>Their ids, in order.</summary>
    public IReadOnlyList<string> All => [.. _runs.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Those of a sweep that is resumed.</summary>
    /// <param name="runs">The statuses of all runs.</param>
    /// <param name="sweep">The sweep.</param>
    /// <param name="cluster">The cluster on which it is resumed: it continues runs that another one was to train.</param>
    public static IReadOnlyList<string> Of(IEnumerable<RunStatus> runs, RunId sweep, string cluster) =>
        [.. runs.Where(run => run.Sweep == sweep.Text && IsHeld(run, cluster)).Select(run => run.Id)];

    /// <summary>Whether a run was ended by the limit that its sweep gave it.</summary>
    public static bool IsAtLimit(RunStatus run) =>
        run.State == RunState.Stopped && Limits.Any(limit => run.Message.EndsWith(limit, StringComparison.Ordinal));

    /// <summary>Why a run was stopped that was stopped together with its sweep.</summary>
    public static string StoppedWith(RunId sweep) => $"stopped with sweep {sweep}";

    /// <summary>Further ones.</summary>
    public void Add(IEnumerable<string> runs)
    {
        foreach (string run in runs)
            _runs[run] = true;
    }

    /// <summary>Whether a run is to be continued.</summary>
    public bool Contains(RunId run) => _runs.ContainsKey(run.Text);

    /// <summary>A run has been continued.</summary>
    public void Remove(RunId run) => _runs.TryRemove(run.Text, out _);

    private static bool IsHeld(RunStatus run, string cluster) => run.State switch
    {
        RunState.Completed or RunState.Diverged => false,
        RunState.Stopped => !IsAtLimit(run),
        RunState.Paused or RunState.Failed => true,
        _ => run.Cluster != cluster,
    };
}
