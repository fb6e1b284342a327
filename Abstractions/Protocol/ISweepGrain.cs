using Orleans.Concurrency;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Protocol;

/// <summary>
/// Drives one sweep; its key is the sweep's id. Begins its trials as runs, reads what came of them, and decides what is next.
/// </summary>
[Alias("tbptt.ISweepGrain")]
public interface ISweepGrain : IGrainWithStringKey
{
    /// <summary>Sees to it that the sweep continues where it has not ended. Returns at once.</summary>
    /// <exception cref="SweepNotFoundException">There is no sweep of this id.</exception>
    [Alias("EnsureRunning"), AlwaysInterleave]
    Task EnsureRunning();

    /// <summary>The sweep at this moment.</summary>
    /// <exception cref="SweepNotFoundException">There is no sweep of this id.</exception>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<SweepStatus> GetStatus();

    /// <summary>
    /// Ends the sweep: its runs in training are stopped, each after the step in flight. Returns when it has ended; no error when it had.
    /// </summary>
    /// <param name="reason">In words, who stopped it or why.</param>
    [Alias("StopSweep"), AlwaysInterleave, ResponseTimeout("00:10:00")]
    Task StopSweep(string reason);

    /// <summary>
    /// Continues a sweep that was stopped or that failed, and its runs that somebody has paused or stopped, also of a sweep that is under
    /// way: the same decisions and results as if nothing had been.
    /// </summary>
    /// <param name="protocol">What the client speaks, <see cref="ProtocolVersion.Current"/>.</param>
    /// <returns>Why it cannot be continued, in words; empty when it is.</returns>
    [Alias("ResumeSweep"), AlwaysInterleave]
    Task<string> ResumeSweep(int protocol);
}

/// <summary>The cluster's list of sweeps: takes new ones in, finds old ones. One grain, key 0.</summary>
[Alias("tbptt.ISweepCatalogGrain")]
public interface ISweepCatalogGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Reads the sweep and the spec that it varies, opens the data, writes the sweep's directory and starts it. A sweep that does not fit
    /// changes nothing; all its problems are the reply. The same id and text once more finds the existing sweep.
    /// </summary>
    [Alias("Submit"), ResponseTimeout("00:10:00")]
    Task<SubmitReply> Submit(SweepRequest request);

    /// <summary>The status of every sweep in the run store, newest first.</summary>
    [Alias("List")]
    Task<IReadOnlyList<SweepStatus>> List();
}

/// <summary>Asks for a sweep.</summary>
/// <param name="Sweep">The id it shall have.</param>
/// <param name="Text">What to search, as it was written.</param>
/// <param name="Priority">Where slots are scarce, runs of higher priority go first; −100 to 100.</param>
/// <param name="Protocol">What the client speaks, <see cref="ProtocolVersion.Current"/>.</param>
[GenerateSerializer, Immutable, Alias("tbptt.SweepRequest")]
public sealed record SweepRequest(
    [property: Id(0)] RunId Sweep, [property: Id(1)] SweepText Text, [property: Id(2)] int Priority = 0,
    [property: Id(3)] int Protocol = 0);

/// <summary>There is no sweep of the id asked for.</summary>
[GenerateSerializer, Alias("tbptt.SweepNotFoundException")]
public sealed class SweepNotFoundException(string sweep) : Exception($"no sweep '{sweep}' in the run store")
{
    /// <summary>The id asked for.</summary>
    [Id(0)] public string Sweep { get; } = sweep;
}
