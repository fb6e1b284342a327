using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>A run's events as they come, each under its number. Who was cut off goes on after the last one seen, here or at another silo.</summary>
internal static class EventStream
{
    private const int Page = 1_000;

    /// <summary>Begins a stream; 204, which ends a browser's tries, where the run has ended and all is told.</summary>
    public static async Task<IResult> OpenAsync(HttpContext context, string id, RunFeeds feeds, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        var coordinator = feeds.CoordinatorOf(id);
        var status = await coordinator.GetStatus();
        long after = After(context.Request);
        if (status.HasEnded && after >= status.LastEvent)
            return TypedResults.NoContent();
        return TypedResults.ServerSentEvents(ReadAsync(coordinator, after, time, lifetime.ApplicationStopping, context.RequestAborted));
    }

    /// <summary>The number of the last event that the asker has seen.</summary>
    public static long After(HttpRequest request) =>
        long.TryParse(request.Headers["Last-Event-ID"], out long last) && last > 0 ? last : 0;

    private static async IAsyncEnumerable<SseItem<string>> ReadAsync(
        ICoordinatorGrain coordinator, long after, TimeProvider time, CancellationToken stopping, [EnumeratorCancellation] CancellationToken gone)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, gone);
        bool hadEnded = false;
        while (!end.IsCancellationRequested)
        {
            var page = await NextAsync(coordinator, after, time, end.Token);
            // What a run that had ended before does not tell now, it never will: some of its last events may not have been written.
            if (page.Lines.Count == 0 && (hadEnded || page.IsAll))
                yield break;
            hadEnded = page.HasEnded;
            long number = page.Last - page.Lines.Count;
            foreach (string line in page.Lines)
            {
                number++;
                yield return new(line) { EventId = number.ToString(System.Globalization.CultureInfo.InvariantCulture) };
            }

            after = page.Last;
        }
    }

    /// <summary>The next events; none where the coordinator does not answer, which passes, or where nothing came for a moment.</summary>
    private static async Task<Next> NextAsync(ICoordinatorGrain coordinator, long after, TimeProvider time, CancellationToken end)
    {
        try
        {
            var page = await coordinator.ReadEvents(after, Page).WaitAsync(end);
            if (page.Lines.Count < Page)
                await Task.Delay(RunFeed.Period, time, end);
            if (page.Lines.Count > 0)
                return new(page.Lines, page.Last, HasEnded: false, IsAll: false);
            var status = await coordinator.GetStatus().WaitAsync(end);
            return new([], after, status.HasEnded, status.HasEnded && status.LastEvent <= after);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return new([], after, HasEnded: false, IsAll: true);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            await Task.Delay(RunFeed.Period, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return new([], after, HasEnded: false, IsAll: false);
        }
    }

    /// <summary>What came next.</summary>
    /// <param name="Lines">Events.</param>
    /// <param name="Last">The number of the last of them.</param>
    /// <param name="HasEnded">Whether there were none and the run has ended.</param>
    /// <param name="IsAll">Whether none are to come.</param>
    private readonly record struct Next(IReadOnlyList<string> Lines, long Last, bool HasEnded, bool IsAll);
}
