using System.Text.Json;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>How patient a watcher is.</summary>
internal sealed record WatchLimits
{
    /// <summary>A question without an answer is asked again after this long. The coordinator itself waits up to a second for news.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The least time between two questions, so that watching costs training nothing.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A run that did not answer for this long is unreachable.</summary>
    public TimeSpan Unreachable { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the status of a run that has ended is waited for.</summary>
    public TimeSpan LastStatus { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Events of one answer.</summary>
    public int Page { get; init; } = 1000;
}

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

    /// <summary>Shows events until one that <paramref name="isLast"/> says yes to, and returns it.</summary>
    /// <exception cref="ClientException">The run cannot be reached any more.</exception>
    public async Task<RunEvent> WatchAsync(IRunView view, Func<RunEvent, bool> isLast, CancellationToken cancellation)
    {
        long answered = time.GetTimestamp();
        bool reachable = true;
        while (true)
        {
            var pause = Task.Delay(limits.Poll, time, cancellation);
            try
            {
                var page = await runs.ReadEventsAsync(run, _seen, limits.Page).WaitAsync(limits.Answer, time, cancellation);
                answered = time.GetTimestamp();
                if (!reachable)
                    view.OnNotice("the run answers again");
                reachable = true;
                if (Show(page, view, isLast) is { } last)
                {
                    await ShowLastStatusAsync(view, cancellation);
                    return last;
                }

                if (page.Lines.Count == limits.Page)
                    continue;
                if (view.WantsStatus)
                    view.OnStatus(await runs.GetStatusAsync(run).WaitAsync(limits.Answer, time, cancellation));
            }
            catch (RunNotFoundException exception)
            {
                throw new ClientException($"the cluster does not know the run: {exception.Message}", ExitCode.Unreachable, exception);
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                if (time.GetElapsedTime(answered) >= limits.Unreachable)
                    throw new ClientException(
                        $"run {run} did not answer for {limits.Unreachable.TotalSeconds:0} s: {Text.OneLine(exception.Message)}", ExitCode.Unreachable, exception);
                if (reachable)
                    view.OnNotice($"the run does not answer, asking again: {Text.OneLine(exception.Message)}");
                reachable = false;
            }

            view.OnTick();
            await pause;
        }
    }

    /// <summary>What stays on the screen shall be the end; but no run fails for want of its last status.</summary>
    private async Task ShowLastStatusAsync(IRunView view, CancellationToken cancellation)
    {
        if (!view.WantsStatus)
            return;
        try
        {
            view.OnStatus(await runs.GetStatusAsync(run).WaitAsync(limits.LastStatus, time, cancellation));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The events have told all that counts.
        }
    }

    private RunEvent? Show(EventPage page, IRunView view, Func<RunEvent, bool> isLast)
    {
        foreach (string line in page.Lines)
        {
            var (number, runEvent) = Read(line);
            if (number <= _seen)
                continue;
            _seen = number;
            view.OnEvent(line, runEvent);
            if (runEvent is not null && isLast(runEvent))
                return runEvent;
        }

        return null;
    }

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
}
