using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Protocol;

/// <summary>The cluster's list of runs: takes new ones in, finds old ones. One grain, key 0.</summary>
[Alias("tbptt.ICatalogGrain")]
public interface ICatalogGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Reads the spec, opens the data it names, checks that everything fits, writes the run's directory and starts its coordinator.
    /// A spec that does not fit changes nothing; all its problems, each with its place, are the reply. The same id and spec once more finds
    /// the existing run.
    /// </summary>
    [Alias("Submit"), ResponseTimeout("00:10:00")]
    Task<SubmitReply> Submit(SubmitRequest request);

    /// <summary>
    /// Computes a state of a run again and makes a run that begins with it, under a changed spec, and starts its coordinator. What does not
    /// fit changes nothing, and all its problems are the reply. The same request once more finds the run, or waits for the same work.
    /// </summary>
    [Alias("Fork"), ResponseTimeout("00:10:00")]
    Task<SubmitReply> Fork(ForkRequest request);

    /// <summary>The status of every run in the run store, newest first.</summary>
    [Alias("List")]
    Task<IReadOnlyList<RunStatus>> List();

    /// <summary>The cluster's silos, and what it speaks: the first call of every client.</summary>
    [Alias("Describe")]
    Task<ClusterReport> Describe();

    /// <summary>What each silo has used over time, by name; silos that do not answer are left out.</summary>
    [Alias("Loads")]
    Task<IReadOnlyList<SiloLoad>> Loads();
}

/// <summary>Asks for a run.</summary>
/// <param name="Run">The id it shall have.</param>
/// <param name="Spec">What to train, as it was written.</param>
/// <param name="Priority">Where slots are scarce, runs of higher priority go first; −100 to 100.</param>
/// <param name="Protocol">What the client speaks, <see cref="ProtocolVersion.Current"/>; 0 from a client too old to say.</param>
[GenerateSerializer, Immutable, Alias("tbptt.SubmitRequest")]
public sealed record SubmitRequest(
    [property: Id(0)] RunId Run, [property: Id(1)] SpecText Spec, [property: Id(2)] int Priority = 0, [property: Id(3)] int Protocol = 0)
{
    /// <summary>The sweep whose trial the run is; empty for none.</summary>
    [Id(4)] public string Sweep { get; init; } = "";
}

/// <summary>Answers a <see cref="SubmitRequest"/>.</summary>
/// <param name="Problems">Why the run was refused; empty when it was started.</param>
/// <param name="Directory">The run's directory, as the silos see it; empty when refused.</param>
/// <param name="Reattached">Whether there was a run of this id and spec already.</param>
[GenerateSerializer, Immutable, Alias("tbptt.SubmitReply")]
public sealed record SubmitReply(
    [property: Id(0)] IReadOnlyList<SpecProblem> Problems, [property: Id(1)] string Directory, [property: Id(2)] bool Reattached = false);
