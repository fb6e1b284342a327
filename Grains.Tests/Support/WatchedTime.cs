using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>A clock that stands still and reports each wait on it, so that a test moves it only when somebody waits.</summary>
internal sealed class WatchedTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _waits.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Completes when somebody waits for so long; each wait is reported once.</summary>
    public async Task Waits(TimeSpan dueTime)
    {
        while (await _waits.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60)) != dueTime)
        {
        }
    }

    /// <summary>Forgets the waits that were not asked for.</summary>
    public void Forget()
    {
        while (_waits.Reader.TryRead(out _))
        {
        }
    }
}
