using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>
/// Streams a run's events, each with its number. A reconnecting client continues after the last one seen, here or at another silo.
/// </summary>
internal static class EventStream
{
    private const int Page = 1_000;

    /// <summary>Opens a stream; 204, which stops a browser's reconnects, where the run has ended and all events were sent.</summary>
    public static async Task<IResult> OpenAsync(HttpContext context, string id, RunFeeds feeds, IHostApplicationLifetime lifetime,
        TimeProvider time)
    {
        var coordinator = feeds.CoordinatorOf(id);
        var status = await coordinator.GetStatus();
        long after = After(context.Request);
        if (status.HasEnded && after >= status.LastEvent)
            return TypedResults.NoContent();
        return TypedResults.ServerSentEvents(ReadAsync(coordinator, after, time, lifetime.ApplicationStopping, context.RequestAborted));
    }

    /// <summary>The number of the last event that the client has seen.</summary>
    public static long After(HttpRequest request) =>
        long.TryParse(request.Headers["Last-Event-ID"], out long last) && last > 0 ? last : 0;

    private static async IAsyncEnumerable<SseItem<string>> ReadAsync(
        ICoordinatorGrain coordinator, long after, TimeProvider time, CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken gone)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, gone);
        while (!end.IsCancellationRequested)
        {
            var page = await NextAsync(coordinator, after, time, end.Token);
            if (page.IsEnd)
                yield break;
            long number = page.Last - page.Lines.Count;
            foreach (string line in page.Lines)
            {
                number++;
                yield return new(line) { EventId = number.ToString(System.Globalization.CultureInfo.InvariantCulture) };
            }

            after = page.Last;
        }
    }

    /// <summary>The next events; none while the coordinator does not answer, or when there was none within a short wait.</summary>
    private static async Task<EventPage> NextAsync(ICoordinatorGrain coordinator, long after, TimeProvider time, CancellationToken end)
    {
        try
        {
            var page = await coordinator.ReadEvents(after, Page).WaitAsync(end);
            if (page.Lines.Count < Page && !page.IsEnd && !page.HasMore)
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
