using System.Threading.Channels;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>
/// Keeps <c>status.json</c> fresh while a run lives: every two seconds, whatever the run is doing, and when asked. Written behind
/// training's back, the newest state only.
/// </summary>
internal sealed class StatusFile : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private readonly RunStore _store;
    private readonly Func<RunStatus> _snapshot;
    private readonly RunFence _fence;
    private readonly Channel<bool> _requests =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ITimer _timer;
    private readonly Task _writing;

    /// <summary>Begins to write.</summary>
    /// <param name="store">The run store.</param>
    /// <param name="snapshot">The state of the moment; called from another thread.</param>
    /// <param name="fence">The right to write.</param>
    /// <param name="time">The clock.</param>
    public StatusFile(RunStore store, Func<RunStatus> snapshot, RunFence fence, TimeProvider time)
    {
        (_store, _snapshot, _fence) = (store, snapshot, fence);
        _timer = time.CreateTimer(_ => Request(), null, TimeSpan.Zero, Period);
        _writing = Task.Run(Write);
    }

    /// <summary>Why the status could not be written the last time; null when it was.</summary>
    public string? Problem { get; private set; }

    /// <summary>Asks for a write soon.</summary>
    public void Request() => _requests.Writer.TryWrite(true);

    /// <summary>Ends the writing; returns when the last write is done.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        _requests.Writer.TryComplete();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private async Task Write()
    {
        await foreach (bool _ in _requests.Reader.ReadAllAsync())
        {
            try
            {
                _store.Write(_snapshot(), _fence);
                Problem = null;
            }
            catch (SupersededException)
            {
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // There is always a next time, and the coordinator answers with the status meanwhile.
                Problem = e.Message;
            }
        }
    }
}
