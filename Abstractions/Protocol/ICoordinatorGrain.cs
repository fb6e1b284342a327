using Orleans.Concurrency;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Protocol;

/// <summary>The coordinator of one run; its key is the run's id. Owns the committed state and moves it on, one step at a time.</summary>
[Alias("tbptt.ICoordinatorGrain")]
public interface ICoordinatorGrain : IGrainWithStringKey
{
    /// <summary>
    /// Sees to it that the run continues: begins it, or takes it over from its newest checkpoint, where it is neither trained here, nor
    /// paused, nor ended. Returns at once; training continues behind it.
    /// </summary>
    /// <exception cref="RunNotFoundException">There is no run of this id.</exception>
    [Alias("EnsureRunning"), AlwaysInterleave]
    Task EnsureRunning();

    /// <summary>The state of the run at this moment.</summary>
    /// <exception cref="RunNotFoundException">There is no run of this id.</exception>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<RunStatus> GetStatus();

    /// <summary>
    /// Events after number <paramref name="after"/>, in order. Waits up to a second for the first when there is none yet.
    /// A watcher whose connection broke asks again from the last number it has seen.
    /// </summary>
    /// <param name="after">The number of the last event already seen; 0 for all.</param>
    /// <param name="limit">How many events to return at most, 1 to 10,000.</param>
    /// <exception cref="RunNotFoundException">There is no run of this id.</exception>
    [Alias("ReadEvents"), AlwaysInterleave]
    Task<EventPage> ReadEvents(long after, int limit);

    /// <summary>
    /// Ends the run after the step in flight as <see cref="RunState.Stopped"/>. Returns when it has ended; no error when it had already.
    /// </summary>
    /// <param name="reason">In words, who stopped it or why.</param>
    [Alias("StopRun"), AlwaysInterleave, ResponseTimeout("00:10:00")]
    Task StopRun(string reason);

    /// <summary>
    /// Pauses the run at the end of the step in flight: the committed state is written to the run store and the trainers' slots become
    /// free. Returns when it is paused. A run that is paused stays so, whatever ends and starts, until <see cref="ResumeRun"/>.
    /// </summary>
    /// <param name="reason">In words, who paused it or why.</param>
    [Alias("PauseRun"), AlwaysInterleave, ResponseTimeout("00:10:00")]
    Task<ControlReply> PauseRun(string reason);

    /// <summary>
    /// Continues a run that was paused, stopped or lost, or that failed, from its newest checkpoint: the same bits as if nothing had
    /// been. Does nothing to a run that is being trained. A diverged run is refused, and a completed one unless
    /// <see cref="ResumeRequest.Sets"/> give it more epochs.
    /// </summary>
    [Alias("ResumeRun"), AlwaysInterleave, ResponseTimeout("00:10:00")]
    Task<ControlReply> ResumeRun(ResumeRequest request);

    /// <summary>
    /// Divides the shards of a run that is being trained among another number of trainers, between two steps: the same bits. New trainers
    /// open the data while the others train on. Returns when the trainers have their shards. Does nothing where there are as many already.
    /// </summary>
    [Alias("ResizeRun"), AlwaysInterleave, ResponseTimeout("00:10:00")]
    Task<ControlReply> ResizeRun(ResizeRequest request);

    /// <summary>
    /// Has the next step of a run that is being trained computed again, each trainer's part on another silo than the trainer's, and
    /// compared before it is committed, whether or not its spec has <c>audit</c>: the same bits. Returns when a step has been audited.
    /// </summary>
    [Alias("AuditNext"), AlwaysInterleave, ResponseTimeout("00:10:00")]
    Task<AuditReply> AuditNext(AuditRequest request);
}

/// <summary>A wish that the next step of a run be audited.</summary>
/// <param name="Protocol">What the client speaks, <see cref="ProtocolVersion.Current"/>.</param>
[GenerateSerializer, Immutable, Alias("tbptt.AuditRequest")]
public sealed record AuditRequest([property: Id(0)] int Protocol = 0);

/// <summary>Answers a wish that a step be audited.</summary>
/// <param name="Problem">Why no step was audited, or not all of one, in words; empty where all of one was, or something was found.</param>
/// <param name="Status">The run as it is now.</param>
/// <param name="Audited">What came of it; null where nothing was computed again.</param>
[GenerateSerializer, Immutable, Alias("tbptt.AuditReply")]
public sealed record AuditReply(
    [property: Id(0)] string Problem, [property: Id(1)] RunStatus Status, [property: Id(2)] AuditedStep? Audited);

/// <summary>How many trainers shall work on a run's shards.</summary>
/// <param name="Trainers">At least 1, at most as many as the run has shards.</param>
/// <param name="Reason">In words, who wants it or why.</param>
/// <param name="Protocol">What the client speaks, <see cref="ProtocolVersion.Current"/>.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ResizeRequest")]
public sealed record ResizeRequest(
    [property: Id(0)] int Trainers, [property: Id(1)] string Reason, [property: Id(2)] int Protocol = 0);

/// <summary>How a run shall be resumed.</summary>
/// <param name="Trainers">
/// Another number of trainers than the run has had so far, among which its shards are divided anew with their hidden state: the same result
/// to the bit. With more trainers than shards there will be as many shards: the same result within rounding, and where trainers make local
/// steps, another one. Null for the same number.
/// </param>
/// <param name="FromStart">Whether a run none of whose checkpoints is whole may begin again at step 0.</param>
/// <param name="Protocol">What the client speaks, <see cref="ProtocolVersion.Current"/>.</param>
/// <param name="Sets">
/// Values of the spec to change, such as <c>train.epochs=20</c>: those that the committed steps do not depend on. Null for none.
/// </param>
[GenerateSerializer, Immutable, Alias("tbptt.ResumeRequest")]
public sealed record ResumeRequest(
    [property: Id(0)] int? Trainers = null, [property: Id(1)] bool FromStart = false, [property: Id(2)] int Protocol = 0,
    [property: Id(3)] IReadOnlyList<string>? Sets = null);

/// <summary>Answers a wish to pause, resume or resize.</summary>
/// <param name="Problem">Why it was not done, in words; empty when it was.</param>
/// <param name="Status">The run as it is now.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ControlReply")]
public sealed record ControlReply([property: Id(0)] string Problem, [property: Id(1)] RunStatus Status);

/// <summary>Some events of a run.</summary>
/// <param name="Lines">
/// The events as lines of JSON, byte for byte as in <c>metrics.jsonl</c>; read them with <see cref="RunJson.ReadEvent(string)"/>.
/// </param>
/// <param name="Last">The number of the last event in <paramref name="Lines"/>, or what was asked for when there is none.</param>
[GenerateSerializer, Immutable, Alias("tbptt.EventPage")]
public sealed record EventPage([property: Id(0)] IReadOnlyList<string> Lines, [property: Id(1)] long Last)
{
    /// <summary>
    /// Whether there are none, and none will come unless somebody resumes the run: it has ended, and what it published is in its files.
    /// </summary>
    [Id(2)] public bool IsEnd { get; init; }

    /// <summary>
    /// Whether there are more, although there are fewer than were asked for: events after these are lost with a damaged file, and the next
    /// page continues behind them. A page has no gap, unless it is a single <see cref="RunWarning"/> in the place of the lost events.
    /// </summary>
    [Id(3)] public bool HasMore { get; init; }
}

/// <summary>There is no run of the id asked for.</summary>
[GenerateSerializer, Alias("tbptt.RunNotFoundException")]
public sealed class RunNotFoundException(string run) : Exception($"no run '{run}' in the run store")
{
    /// <summary>The id asked for.</summary>
    [Id(0)] public string Run { get; } = run;
}

/// <summary>The files of a run cannot be read: the run store is out of reach, or somebody has changed the files' permissions.</summary>
[GenerateSerializer, Alias("tbptt.RunUnreadableException")]
public sealed class RunUnreadableException(string run, string problem) : Exception($"the files of run {run} cannot be read: {problem}")
{
    /// <summary>The run.</summary>
    [Id(0)] public string Run { get; } = run;
}
