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
    private readonly DirectoryRepair _repair;
    private readonly Channel<bool> _requests =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ITimer _timer;
    private readonly Task _writing;

    /// <summary>Begins to write.</summary>
    /// <param name="store">The run store.</param>
    /// <param name="snapshot">The state of the moment; called from another thread.</param>
    /// <param name="fence">The right to write.</param>
    /// <param name="repair">Restores what was removed from the directory, before each write.</param>
    /// <param name="time">The clock.</param>
    public StatusFile(RunStore store, Func<RunStatus> snapshot, RunFence fence, DirectoryRepair repair, TimeProvider time)
    {
        (_store, _snapshot, _fence, _repair) = (store, snapshot, fence, repair);
        _timer = time.CreateTimer(_ => Request(), null, TimeSpan.Zero, Period);
        _writing = Task.Run(Write);
    }

    /// <summary>What was wrong with the directory at the last write, in words; null when nothing was.</summary>
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
                Problem = _repair.Restore();
                _store.Write(_snapshot(), _fence);
            }
            catch (SupersededException)
            {
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // There is always a next time, and the coordinator answers with the status meanwhile.
                Problem = $"status.json cannot be written: {e.Message}";
            }
        }
    }
}
