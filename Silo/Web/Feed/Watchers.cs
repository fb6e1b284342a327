using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>
/// The open event streams of this silo: drops watchers that do not read, and gives back the memory of many that have left.
/// </summary>
/// <remarks>
/// Training allocates almost nothing, so no full collection would come by itself, and what hundreds of watchers used would stay with the
/// process for as long as it lives.
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs dropped watchers.</param>
internal sealed partial class Watchers(TimeProvider time, ILogger<Watchers> logger) : IDisposable
{
    /// <summary>
    /// How long a watcher may take to read one item of its stream, behind what the connection buffers. Its next request continues after the
    /// last event that it has read.
    /// </summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>From the leave of the last of many watchers to the collection: most of them leave within seconds.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Fewer watchers than this use too little for a collection, which training waits for.</summary>
    internal const int Many = 32;

    private readonly Lock _gate = new();
    private ITimer? _timer;
    private int _peak;

    /// <summary>Streams that are open.</summary>
    public int Count { get; private set; }

    /// <summary>Collects garbage and gives memory back to the system; tests count the calls.</summary>
    internal Action Collect { get; init; } = () =>
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    /// <summary>Passes a stream's items on, and closes the connection where an item is not read in time.</summary>
    public async IAsyncEnumerable<T> Watch<T>(IAsyncEnumerable<T> items, HttpContext context,
        [EnumeratorCancellation] CancellationToken gone = default)
    {
        Enter();
        await using var patience = time.CreateTimer(_ => Drop(context), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            await foreach (var item in items.WithCancellation(gone))
            {
                // Returns when the connection has taken the item, or has room for it.
                patience.Change(Patience, Timeout.InfiniteTimeSpan);
                yield return item;
                patience.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void Drop(HttpContext context)
    {
        LogDropped(context.Request.Path, Patience.TotalSeconds);
        context.Abort();
    }

    private void Enter()
    {
        lock (_gate)
            _peak = Math.Max(_peak, ++Count);
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--Count > _peak / 2 || _peak < Many)
                return;
            _peak = Count;
            _timer ??= time.CreateTimer(_ => Collect(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Pause, Timeout.InfiniteTimeSpan);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A watcher of {Path} has read nothing for {Seconds} s and is dropped; "
        + "its next request continues after the last event that it has read")]
    private partial void LogDropped(PathString path, double seconds);
}
