using System.Text.Json;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>
/// Reads a run's events to the last one, through broken connections and dying silos. The number of the last event shown is all it
/// remembers, and all it needs to go on anywhere: no event is lost, none is shown twice.
/// </summary>
/// <param name="runs">The grains.</param>
/// <param name="run">The run.</param>
/// <param name="time">The clock.</param>
/// <param name="limits">How patient to be.</param>
internal sealed class RunWatcher(IRunService runs, RunId run, TimeProvider time, WatchLimits limits)
{
    private long _seen;
    private RunEvent? _last;

    /// <summary>Whether somebody paused the run and nobody has resumed it, as far as its events tell.</summary>
    public bool IsPaused => _last is RunPaused;

    /// <summary>The run's own record, where this machine has it: the silos of one run go when it has ended, and may be gone before they are asked.</summary>
    public Func<RunStatus?> Recorded { get; init; } = () => null;

    /// <summary>Takes all events there are as seen.</summary>
    /// <exception cref="ClientException">The run cannot be reached.</exception>
    public async Task SkipAsync(IRunView view, CancellationToken cancellation) =>
        _seen = (await PatienceOf(view).AskAsync<RunStatus>(async () => await StatusAsync(cancellation), () => null, cancellation)).LastEvent;

    /// <summary>
    /// Shows events until the run has ended, and returns its last status. An end that is followed by more events is not the last: somebody resumed the run.
    /// </summary>
    /// <exception cref="ClientException">The run cannot be reached any more, or the view cannot be written.</exception>
    public Task<RunStatus> WatchAsync(IRunView view, CancellationToken cancellation)
    {
        var patience = PatienceOf(view);
        return patience.AskAsync(AskAsync, EndOnRecord, cancellation);

        async Task<RunStatus?> AskAsync()
        {
            var page = await ShowNewsAsync(patience, view, cancellation);
            // A coordinator without news waits a second before it says so: asking for the status as well costs training nothing.
            if (!view.WantsStatus && _last is not RunEnded && page.Lines.Count > 0)
                return null;
            var status = await StatusAsync(cancellation);
            if (view.WantsStatus)
                view.OnStatus(status);
            if (!status.HasEnded)
                return null;
            // Events that came between the two questions are shown first. Those that could not be written will never come.
            return status.LastEvent <= _seen || (page.Lines.Count == 0 && (await ShowNewsAsync(patience, view, cancellation)).Lines.Count == 0) ? status : null;
        }
    }

    /// <summary>Shows the events there are.</summary>
    /// <exception cref="ClientException">The run cannot be reached.</exception>
    public Task CatchUpAsync(IRunView view, CancellationToken cancellation)
    {
        var patience = PatienceOf(view);
        return patience.AskAsync<EventPage>(async () => await ShowNewsAsync(patience, view, cancellation), () => null, cancellation);
    }

    /// <summary>Shows events until there is one at all, and returns the newest.</summary>
    /// <exception cref="ClientException">The run cannot be reached any more.</exception>
    public Task<RunEvent> WatchForSignOfLifeAsync(IRunView view, CancellationToken cancellation)
    {
        var patience = PatienceOf(view);
        return patience.AskAsync(
            async () =>
            {
                await ShowNewsAsync(patience, view, cancellation);
                return _last;
            },
            () => null, cancellation);
    }

    /// <summary>Shows all events there are.</summary>
    /// <returns>The last page.</returns>
    private async Task<EventPage> ShowNewsAsync(Patience patience, IRunView view, CancellationToken cancellation)
    {
        while (true)
        {
            var page = await runs.ReadEventsAsync(run, _seen, limits.Page).WaitAsync(limits.Answer, time, cancellation);
            patience.Answered();
            foreach (string line in page.Lines)
            {
                var (number, runEvent) = Read(line);
                if (number <= _seen)
                    continue;
                (_seen, _last) = (number, runEvent);
                Show(view, line, runEvent);
            }

            if (page.Lines.Count < limits.Page)
                return page;
        }
    }

    /// <summary>Output that cannot be written is no fault of the run's: asking again would leave the event out.</summary>
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

    private Patience PatienceOf(IRunView view) => new(run, view, time, limits);

    private Task<RunStatus> StatusAsync(CancellationToken cancellation) => runs.GetStatusAsync(run).WaitAsync(limits.Answer, time, cancellation);

    /// <summary>Silos may be newer than this program: an event of an unknown kind still has a number.</summary>
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

    private RunStatus? EndOnRecord() =>
        _last is RunEnded && Recorded() is { HasEnded: true } status && status.LastEvent <= _seen ? status : null;
}
