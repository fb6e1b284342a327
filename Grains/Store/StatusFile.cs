using System.Threading.Channels;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>
/// Keeps <c>status.json</c> fresh while a run lives: every two seconds, whatever the run is doing, and when asked. Written behind training's
/// back, the newest state only.
/// </summary>
internal sealed class StatusFile : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private readonly RunStore _store;
    private readonly Func<RunStatus> _snapshot;
    private readonly Func<bool> _inForce;
    private readonly Channel<bool> _requests = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ITimer _timer;
    private readonly Task _writing;

    /// <summary>Begins to write.</summary>
    /// <param name="store">The run store.</param>
    /// <param name="snapshot">The state of the moment; called from another thread.</param>
    /// <param name="inForce">Asked before each write: whether this file's coordinator may still write.</param>
    /// <param name="time">The clock.</param>
    public StatusFile(RunStore store, Func<RunStatus> snapshot, Func<bool> inForce, TimeProvider time)
    {
        (_store, _snapshot, _inForce) = (store, snapshot, inForce);
        _timer = time.CreateTimer(_ => Request(), null, TimeSpan.Zero, Period);
        _writing = Task.Run(Write);
    }

    /// <summary>Why the status can no longer be written; null while all is well.</summary>
    public Exception? Failure => _writing.Exception?.InnerException;

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
            if (!_inForce())
                throw new IOException("another coordinator has taken the run over");
            _store.Write(_snapshot());
        }
    }
}
