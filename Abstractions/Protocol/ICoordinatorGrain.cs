using Orleans.Concurrency;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Protocol;

/// <summary>The coordinator of one run; its key is the run's id. Owns the committed state and moves it on, one step at a time.</summary>
[Alias("tbptt.ICoordinatorGrain")]
public interface ICoordinatorGrain : IGrainWithStringKey
{
    /// <summary>Begins to train a run whose directory the catalog has written. Returns at once; training goes on behind it.</summary>
    [Alias("Start")]
    Task Start(RunSpec spec);

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
}

/// <summary>Some events of a run.</summary>
/// <param name="Lines">
/// The events as lines of JSON, byte for byte as in <c>metrics.jsonl</c>; read them with <see cref="RunJson.ReadEvent"/>.
/// </param>
/// <param name="Last">The number of the last event in <paramref name="Lines"/>, or what was asked for when there is none.</param>
[GenerateSerializer, Immutable, Alias("tbptt.EventPage")]
public sealed record EventPage([property: Id(0)] IReadOnlyList<string> Lines, [property: Id(1)] long Last);

/// <summary>There is no run of the id asked for.</summary>
[GenerateSerializer, Alias("tbptt.RunNotFoundException")]
public sealed class RunNotFoundException(string run) : Exception($"no run '{run}' in the run store")
{
    /// <summary>The id asked for.</summary>
    [Id(0)] public string Run { get; } = run;
}
