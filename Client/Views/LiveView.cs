using Orleans.Tbptt.Runs;
using Spectre.Console;

namespace Orleans.Tbptt.Client.Views;

/// <summary>For terminals: one screen that follows the run and stays after its end.</summary>
internal sealed class LiveView : IRunView
{
    private const int MaxNotices = 3;

    private readonly RunFigures _figures = new();
    private readonly Queue<string> _notices = new();
    private readonly IAnsiConsole _console;
    private readonly TimeProvider _time;
    private readonly LiveScreen _screen;
    private readonly long _began;
    private LiveDisplayContext? _display;

    /// <summary>Makes a view that draws on <paramref name="console"/>.</summary>
    public LiveView(IAnsiConsole console, string run, TimeProvider time)
    {
        _console = console;
        _time = time;
        _screen = new(_figures, run, console.Profile.Capabilities.Unicode);
        _began = time.GetTimestamp();
    }

    /// <inheritdoc/>
    public bool WantsStatus => true;

    /// <inheritdoc/>
    public Task<T> ShowAsync<T>(Func<Task<T>> body) => _console.Live(Spectre.Console.Text.Empty).StartAsync(async display =>
    {
        _display = display;
        OnTick();
        try
        {
            return await body();
        }
        finally
        {
            OnTick();
            _display = null;
        }
    });

    /// <inheritdoc/>
    public void OnEvent(string line, RunEvent? runEvent) => _figures.Add(runEvent);

    /// <inheritdoc/>
    public void OnStatus(RunStatus status) => _figures.Add(status);

    /// <inheritdoc/>
    public void OnPhase(string phase)
    {
        _screen.Phase = phase;
        OnTick();
    }

    /// <inheritdoc/>
    public void OnNotice(string text)
    {
        _notices.Enqueue(text);
        if (_notices.Count > MaxNotices)
            _notices.Dequeue();
        OnTick();
    }

    /// <inheritdoc/>
    public void OnTick() => _display?.UpdateTarget(
        new LiveFrame(_screen.Draw(Elapsed, LiveFrame.Room(_console.Profile.Width), _console.Profile.Height, _notices)));

    /// <summary>
    /// Time since the run's start, by the coordinator's clock where known: the run may have started days before this view.
    /// </summary>
    private TimeSpan Elapsed => _figures.Status is { } status && status.SubmittedAt > default(DateTimeOffset)
        ? status.UpdatedAt - status.SubmittedAt
        : _time.GetElapsedTime(_began);
}
