using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>A run's events as they come.</summary>
internal sealed class ComingEvents(ICoordinatorGrain coordinator)
{
    private long _last;

    /// <summary>Waits for an event behind those that were waited for before; fails the test where the run ends first.</summary>
    public async Task<T> Next<T>(Func<T, bool>? which = null) where T : RunEvent
    {
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            foreach (string line in (await coordinator.ReadEvents(_last, 1_000)).Lines)
            {
                var one = RunJson.ReadEvent(line);
                _last = one.Number;
                Assert.IsNotType<RunEnded>(one);
                if (one is T found && which?.Invoke(found) != false)
                    return found;
            }
        }
    }
}
