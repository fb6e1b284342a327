using System.Text.Json;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>
/// Reads a run's events to the last one, through broken connections and dying silos. It remembers only the number of the last event
/// shown, which is enough to continue at any silo: no event is lost, none is shown twice.
/// </summary>
/// <param name="runs">The grains.</param>
/// <param name="run">The run.</param>
/// <param name="time">The clock.</param>
/// <param name="limits">Timeouts and retry intervals.</param>
internal sealed class RunWatcher(IRunService runs, RunId run, TimeProvider time, WatchLimits limits)
{
    /// <summary>At full speed a collection every eight seconds, of some milliseconds.</summary>
    private const int CharactersPerCollection = 10_000_000;

    private long _seen;
    private int _uncollected;
    private RunEvent? _last;

    /// <summary>Whether the run is paused according to its events.</summary>
    public bool IsPaused => _last is RunPaused;

    /// <summary>
    /// Reads the run's status file, where this machine has it: local silos end with their run, possibly before they are queried.
    /// </summary>
    public Func<RunStatus?> Recorded { get; init; } = () => null;

    /// <summary>Skips all existing events.</summary>
    /// <exception cref="ClientException">The run cannot be reached.</exception>
    public async Task SkipAsync(IRunView view, CancellationToken cancellation) =>
        _seen = (await QueryFor(view).AskAsync<RunStatus>(async () => await StatusAsync(cancellation), () => null, cancellation)).LastEvent;

    /// <summary>
    /// Shows events until the run has ended, and returns its last status. An end that is followed by more events is not final: the run was
    /// resumed.
    /// </summary>
    /// <exception cref="ClientException">The run can no longer be reached, or the output cannot be written.</exception>
    public Task<RunStatus> WatchAsync(IRunView view, CancellationToken cancellation)
    {
        var query = QueryFor(view);
        return query.AskAsync(AskAsync, RecordedEnd, cancellation);

        async Task<RunStatus?> AskAsync()
        {
            var page = await ShowNewEventsAsync(query, view, cancellation);
            // A coordinator without new events answers after a second, so reading the status as well does not slow training.
            if (!view.WantsStatus && _last is not RunEnded && page.Lines.Count > 0)
                return null;
            var status = await StatusAsync(cancellation);
            if (view.WantsStatus)
                view.OnStatus(status);
            if (!status.HasEnded)
                return null;
            // Events between the two calls are shown first. Events that could not be written to the journal never arrive.
            return status.LastEvent <= _seen
                || (page.Lines.Count == 0 && (await ShowNewEventsAsync(query, view, cancellation)).Lines.Count == 0) ? status : null;
        }
    }

    /// <summary>Shows the existing events.</summary>
    /// <exception cref="ClientException">The run cannot be reached.</exception>
    public Task CatchUpAsync(IRunView view, CancellationToken cancellation)
    {
        var query = QueryFor(view);
        return query.AskAsync<EventPage>(async () => await ShowNewEventsAsync(query, view, cancellation), () => null, cancellation);
    }

    /// <summary>Shows events until the first one exists, and returns the newest.</summary>
    /// <exception cref="ClientException">The run can no longer be reached.</exception>
    public Task<RunEvent> WaitForFirstEventAsync(IRunView view, CancellationToken cancellation)
    {
        var query = QueryFor(view);
        return query.AskAsync(
            async () =>
            {
                await ShowNewEventsAsync(query, view, cancellation);
                return _last;
            },
            () => null, cancellation);
    }

    /// <summary>Shows all existing events.</summary>
    /// <returns>The last page.</returns>
    private async Task<EventPage> ShowNewEventsAsync(RetryingQuery query, IRunView view, CancellationToken cancellation)
    {
        while (true)
        {
            var page = await runs.ReadEventsAsync(run, _seen, limits.Page).WaitAsync(limits.Answer, time, cancellation);
            query.Answered();
            foreach (string line in page.Lines)
            {
                var (number, runEvent) = Read(line);
                if (number <= _seen)
                    continue;
                if (_last is RunStarted && view.WantsStatus)
                    await ShowStatusAsync(view, cancellation);
                (_seen, _last) = (number, runEvent);
                Show(view, line, runEvent);
                Collect(line.Length);
            }

            if (page.Lines.Count < limits.Page && !page.HasMore)
                return page;
        }
    }

    /// <summary>
    /// The event of a start does not have what the trainers' places decide, such as the engine: the status does as soon as there is a
    /// further event. Without an answer the event is shown all the same, and the query for the next events reports the cause.
    /// </summary>
    private async Task ShowStatusAsync(IRunView view, CancellationToken cancellation)
    {
        RunStatus status;
        try
        {
            status = await StatusAsync(cancellation);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            return;
        }

        view.OnStatus(status);
    }

    /// <summary>
    /// Events outlive the collections of young objects that come while they are fetched, and a collection of all is rare: without this, the
    /// memory of a console that watches thousands of steps a second rises and falls by 200 MB.
    /// </summary>
    private void Collect(int characters)
    {
        _uncollected += characters;
        if (_uncollected < CharactersPerCollection)
            return;
        _uncollected = 0;
        GC.Collect();
    }

    /// <summary>Separates output errors from errors of the run: a repeated query would skip the event.</summary>
    private static void Show(IRunView view, string line, RunEvent? runEvent)
    {
        try
        {
            view.OnEvent(line, runEvent);
        }
        catch (IOException exception)
        {
            throw new ClientException($"cannot write the output: {Text.OneLine(exception.Message)}", ExitCode.Failed, exception);
        }
    }

    private RetryingQuery QueryFor(IRunView view) => new(run, view, time, limits);

    private Task<RunStatus> StatusAsync(CancellationToken cancellation) =>
        runs.GetStatusAsync(run).WaitAsync(limits.Answer, time, cancellation);

    /// <summary>Silos may be newer than this program: an event of an unknown kind still has its number.</summary>
    private static (long Number, RunEvent? Event) Read(string line)
    {
        try
        {
            var runEvent = RunJson.ReadEvent(line);
            return (runEvent.Number, runEvent);
        }
        catch (JsonException)
        {
            using var document = JsonDocument.Parse(line);
            return (document.RootElement.GetProperty("number").GetInt64(), null);
        }
    }

    private RunStatus? RecordedEnd() =>
        _last is RunEnded && Recorded() is { HasEnded: true } status && status.LastEvent <= _seen ? status : null;
}
