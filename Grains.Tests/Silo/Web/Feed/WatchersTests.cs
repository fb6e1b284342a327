using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Tests.Silo.Web.Feed;

/// <summary>Event streams whose watchers read slowly, or are many.</summary>
public sealed class WatchersTests : IDisposable
{
    private static readonly TimeSpan AlmostAll = Watchers.Patience - TimeSpan.FromMilliseconds(1);
    private readonly FakeTimeProvider _time = new();
    private readonly Watchers _watchers;
    private int _collections;

    public WatchersTests() => _watchers = new(_time, NullLogger<Watchers>.Instance) { Collect = () => _collections++ };

    public void Dispose() => _watchers.Dispose();

    [Fact]
    public async Task Watcher_IsDropped_WhenItDoesNotReadAnEvent()
    {
        var (context, stream) = Open();
        await stream.MoveNextAsync();

        _time.Advance(AlmostAll);
        Assert.False(context.RequestAborted.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(context.RequestAborted.IsCancellationRequested);
    }

    [Fact]
    public async Task Watcher_StaysConnected_WhileItReadsEachEventInTime_HoweverLongTheNextOneTakes()
    {
        var next = new TaskCompletionSource();
        var (context, stream) = Open(next.Task);
        for (int i = 0; i < 3; i++)
        {
            await stream.MoveNextAsync();
            _time.Advance(AlmostAll);
        }

        var waiting = stream.MoveNextAsync();
        _time.Advance(10 * Watchers.Patience);
        next.SetResult();

        Assert.True(await waiting);
        Assert.False(context.RequestAborted.IsCancellationRequested);
    }

    [Fact]
    public async Task Memory_IsGivenBackOnce_WhenMostOfManyWatchersHaveLeft()
    {
        var streams = await OpenManyAsync(Watchers.Many);
        Assert.Equal(Watchers.Many, _watchers.Count);

        foreach (var stream in streams)
            await stream.DisposeAsync();
        Assert.Equal((0, 0), (_watchers.Count, _collections));
        _time.Advance(Watchers.Pause);
        Assert.Equal(1, _collections);

        _time.Advance(10 * Watchers.Pause);
        Assert.Equal(1, _collections);
    }

    [Fact]
    public async Task Training_IsNotInterrupted_WhenFewWatchersLeave()
    {
        foreach (var stream in await OpenManyAsync(Watchers.Many - 1))
            await stream.DisposeAsync();

        _time.Advance(10 * Watchers.Pause);

        Assert.Equal(0, _collections);
    }

    private async Task<IReadOnlyList<IAsyncEnumerator<int>>> OpenManyAsync(int count)
    {
        IAsyncEnumerator<int>[] streams = [.. Enumerable.Range(0, count).Select(_ => Open().Stream)];
        foreach (var stream in streams)
            await stream.MoveNextAsync();
        return streams;
    }

    private (HttpContext Context, IAsyncEnumerator<int> Stream) Open(Task? beforeTheFourth = null)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpRequestLifetimeFeature>(new Lifetime());
        return (context, _watchers.Watch(Items(beforeTheFourth ?? Task.CompletedTask), context).GetAsyncEnumerator());
    }

    private static async IAsyncEnumerable<int> Items(Task beforeTheFourth)
    {
        for (int i = 1; i <= 3; i++)
            yield return i;
        await beforeTheFourth;
        yield return 4;
    }

    /// <summary>A connection that can be closed from here.</summary>
    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; } = CancellationToken.None;

        public void Abort() => RequestAborted = new CancellationToken(canceled: true);
    }
}
