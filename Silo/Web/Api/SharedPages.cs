using System.Collections.Concurrent;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>
/// The pages of events that streams read: those that are at the same place share one call of the coordinator and one page in memory, so
/// that hundreds of watchers cost hardly more than one.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class SharedPages(TimeProvider time)
{
    /// <summary>Events of a page: few, because every watcher that reads slowly holds one.</summary>
    internal const int Page = 250;

    /// <summary>Full pages that are kept for other streams.</summary>
    internal const int Kept = 32;

    /// <summary>How long a page is kept at most. Events do not change, but a run can be removed, and another one get its name.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(string Run, long After), Entry> _pages = [];
    private readonly ConcurrentQueue<(string Run, long After)> _full = [];

    /// <summary>The events after a number, as <see cref="ICoordinatorGrain.ReadEvents"/> gives them.</summary>
    /// <param name="run">The run's ID.</param>
    /// <param name="coordinator">Its coordinator.</param>
    /// <param name="after">The number.</param>
    public Task<EventPage> ReadAsync(string run, ICoordinatorGrain coordinator, long after)
    {
        var key = (run, after);
        while (true)
        {
            var entry = _pages.GetOrAdd(key, _ => new(time.GetTimestamp(), new(() => LoadAsync(key, coordinator))));
            if (time.GetElapsedTime(entry.Asked) < Lifetime)
                return entry.Page.Value;
            _pages.TryRemove(new(key, entry));
        }
    }

    private async Task<EventPage> LoadAsync((string Run, long After) key, ICoordinatorGrain coordinator)
    {
        // Not on the lock of the entry's creation.
        await Task.Yield();
        bool keeps = false;
        try
        {
            var page = await coordinator.ReadEvents(key.After, Page);
            keeps = page.Lines.Count == Page;
            return page;
        }
        finally
        {
            // A page that is not full has more events the next time.
            if (!keeps)
                _pages.TryRemove(key, out _);
            else
                Keep(key);
        }
    }

    private void Keep((string Run, long After) key)
    {
        _full.Enqueue(key);
        while (_full.Count > Kept && _full.TryDequeue(out var oldest))
            _pages.TryRemove(oldest, out _);
    }

    private sealed record Entry(long Asked, Lazy<Task<EventPage>> Page);
}
