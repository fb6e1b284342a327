using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Hosting;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Pages.Run;

namespace Orleans.Tbptt.Silo.Web.Pages;

/// <summary>An update of a run's page.</summary>
/// <param name="Number">The number of the last event that it includes.</param>
/// <param name="State">The run's state.</param>
/// <param name="Steps">The new rows of the charts; null where there are none.</param>
/// <param name="Parts">The changed parts of the page, as markup.</param>
internal sealed record LiveUpdate(long Number, string State, StepColumns? Steps, IReadOnlyDictionary<string, string> Parts);

/// <summary>
/// Sends updates to a run's page, at most four per second. Each message has the number of the last event that it includes.
/// </summary>
internal sealed class LiveStream(RunFeed feed, WebToken token, TimeProvider time)
{
    /// <summary>The maximum time between two messages: a page without any for much longer is stale.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(3);

    /// <summary>The minimum time between two updates of the strip, which changes constantly and is large.</summary>
    private const int StripPeriods = 4;

    /// <summary>What was rendered for all viewers of a run: each would render, and hold, the same.</summary>
    private static readonly ConditionalWeakTable<RunFeed, RenderedParts> Rendered = [];

    private readonly Dictionary<string, string> _sent = [];
    private long _number;
    private long _width;

    /// <summary>Opens a stream.</summary>
    public static async Task<ServerSentEventsResult<LiveUpdate>> OpenAsync(
        HttpContext context, string id, RunFeeds feeds, Watchers watchers, WebToken token, IHostApplicationLifetime lifetime,
        TimeProvider time)
    {
        var live = new LiveStream(await feeds.FollowAsync(id), token, time) { _number = EventStream.After(context.Request) };
        return TypedResults.ServerSentEvents(
            watchers.Watch(live.StreamAsync(lifetime.ApplicationStopping, context.RequestAborted), context));
    }

    private async IAsyncEnumerable<SseItem<LiveUpdate>> StreamAsync(CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken gone)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, gone);
        long sent = 0;
        for (int period = 0; !end.IsCancellationRequested; period++)
        {
            var update = feed.Read(run => Next(run, withStrip: period % StripPeriods == 0));
            if (period == 0 || update.Steps is not null || update.Parts.Count > 0 || time.GetElapsedTime(sent) >= Heartbeat)
            {
                sent = time.GetTimestamp();
                yield return new(update) { EventId = update.Number.ToString(System.Globalization.CultureInfo.InvariantCulture) };
            }

            await Task.Delay(RunFeed.Period, time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private LiveUpdate Next(RunSnapshot run, bool withStrip)
    {
        var parts = new Dictionary<string, string>();
        foreach (var (name, markup) in Rendered.GetValue(feed, _ => new()).Of(run, token, time))
        {
            if (name == "strip" && !withStrip)
                continue;
            if (_sent.TryGetValue(name, out string? sent) && sent == markup)
                continue;
            parts[name] = _sent[name] = markup;
        }

        // When buckets have grown, all rows have changed.
        bool others = _width != 0 && _width != run.History.Steps.Width;
        var steps = run.History.Number > _number || others ? StepColumns.Of(run.History, others ? 0 : _number) : null;
        (_number, _width) = (Math.Max(_number, run.History.Number), run.History.Steps.Width);
        return new(run.History.Number, Text.State(run.Status.State), steps, parts);
    }
}

/// <summary>The parts of a run's page as markup, rendered at most once in a period. Used under the feed's lock.</summary>
internal sealed class RenderedParts
{
    private (string Name, string Markup)[] _parts = [];
    private long _at;

    /// <summary>The parts, no older than a period.</summary>
    public IReadOnlyList<(string Name, string Markup)> Of(RunSnapshot run, WebToken token, TimeProvider time)
    {
        if (_parts.Length == 0 || time.GetElapsedTime(_at) >= RunFeed.Period)
            (_parts, _at) =
                ([.. RunPage.Parts(run, token).Select(part => (part.Name, HtmlPage.Markup(part.Content())))], time.GetTimestamp());
        return _parts;
    }
}
