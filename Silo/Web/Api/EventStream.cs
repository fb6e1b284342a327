using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>
/// Streams a run's events, each with its number. A reconnecting client continues after the last one seen, here or at another silo.
/// </summary>
/// <param name="pages">The events.</param>
internal sealed class EventStream(IAsyncEnumerable<EventPage> pages) : IResult
{
    /// <summary>Opens a stream; 204, which stops a browser's reconnects, where the run has ended and all events were sent.</summary>
    public static async Task<IResult> OpenAsync(HttpContext context, string id, RunFeeds feeds, SharedPages shared, Watchers watchers,
        IHostApplicationLifetime lifetime, TimeProvider time)
    {
        var coordinator = feeds.CoordinatorOf(id);
        var status = await coordinator.GetStatus();
        long after = After(context.Request);
        if (status.HasEnded && after >= status.LastEvent)
            return TypedResults.NoContent();
        var pages = ReadAsync(
            coordinator, from => shared.ReadAsync(id, coordinator, from), after, time, lifetime.ApplicationStopping,
            context.RequestAborted);
        return new EventStream(watchers.Watch(pages, context));
    }

    /// <summary>The number of the last event that the client has seen.</summary>
    public static long After(HttpRequest request) =>
        long.TryParse(request.Headers["Last-Event-ID"], out long last) && last > 0 ? last : 0;

    /// <summary>Sends the events. ASP.NET Core's own result sends each by itself, which takes most of the time of a stream.</summary>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, gone) = (httpContext.Response, httpContext.RequestAborted);
        await EventFrames.BeginAsync(response, gone);
        try
        {
            await foreach (var page in pages.WithCancellation(gone))
            {
                Write(response.BodyWriter, page);
                await response.BodyWriter.FlushAsync(gone);
            }
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // The watcher has left, or was dropped.
        }
    }

    private static void Write(IBufferWriter<byte> writer, EventPage page)
    {
        long number = page.Last - page.Lines.Count;
        foreach (string line in page.Lines)
        {
            writer.Write("data: "u8);
            Encoding.UTF8.GetBytes(line, writer);
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\nid: {++number}\n\n"), writer);
        }
    }

    private static async IAsyncEnumerable<EventPage> ReadAsync(
        ICoordinatorGrain coordinator, Func<long, Task<EventPage>> read, long after, TimeProvider time, CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken gone)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, gone);
        while (!end.IsCancellationRequested)
        {
            var page = await NextAsync(coordinator, read, after, time, end.Token);
            if (page.IsEnd)
                yield break;
            if (page.Lines.Count > 0)
                yield return page;
            after = page.Last;
        }
    }

    /// <summary>The next events; none while the coordinator does not answer, or when there was none within a short wait.</summary>
    private static async Task<EventPage> NextAsync(
        ICoordinatorGrain coordinator, Func<long, Task<EventPage>> read, long after, TimeProvider time, CancellationToken end)
    {
        try
        {
            var page = await read(after).WaitAsync(end);
            if (page.Lines.Count < SharedPages.Page && !page.IsEnd && !page.HasMore)
                await Task.Delay(RunFeed.Period, time, end);
            if (page.Lines.Count > 0 || page.IsEnd)
                return page;
            var status = await coordinator.GetStatus().WaitAsync(end);
            return page with { IsEnd = status.HasEnded && status.LastEvent <= after };
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return new([], after) { IsEnd = true };
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            await Task.Delay(RunFeed.Period, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return new([], after);
        }
    }
}
