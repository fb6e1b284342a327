using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Silo.Web.Pages;

/// <summary>An update of a run's page.</summary>
/// <param name="Number">The number of the last event that it includes.</param>
/// <param name="State">The run's state.</param>
/// <param name="Steps">The new rows of the charts; null where there are none.</param>
/// <param name="Parts">The changed parts of the page, as markup.</param>
internal sealed record LiveUpdate(long Number, string State, StepColumns? Steps, IReadOnlyDictionary<string, string> Parts)
{
    /// <summary>The update as a server-sent event.</summary>
    public byte[] ToFrame(JsonSerializerOptions json)
    {
        byte[] head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {Number}\ndata: "));
        return [.. head, .. JsonSerializer.SerializeToUtf8Bytes(this, json), .. "\n\n"u8];
    }
}

/// <summary>
/// Sends updates to a run's page, at most four per second. Each message has the number of the last event that it includes.
/// </summary>
internal sealed class LiveStream(RunFeed feed, WebToken token, JsonSerializerOptions json, TimeProvider time)
{
    /// <summary>The maximum time between two messages: a page without any for much longer is stale.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(3);

    /// <summary>The minimum time between two updates of the strip, which changes constantly and is large.</summary>
    private const int StripPeriods = 4;

    /// <summary>What was rendered for all viewers of a run: each would render, and hold, the same.</summary>
    private static readonly ConditionalWeakTable<RunFeed, RenderedRun> Rendered = [];

    private readonly Dictionary<string, string> _sent = [];
    private long _number;
    private long _width;

    /// <summary>Opens a stream.</summary>
    public static async Task<IResult> OpenAsync(
        HttpContext context, string id, RunFeeds feeds, Watchers watchers, WebToken token, IHostApplicationLifetime lifetime,
        IOptions<JsonOptions> json, TimeProvider time)
    {
        var live = new LiveStream(await feeds.FollowAsync(id), token, json.Value.SerializerOptions, time)
        {
            _number = EventStream.After(context.Request),
        };
        return new EventFrames(watchers.Watch(live.StreamAsync(lifetime.ApplicationStopping, context.RequestAborted), context));
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> StreamAsync(CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken gone)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, gone);
        long sent = time.GetTimestamp();
        if (_number == 0)
            yield return feed.Read(First);
        for (int period = 0; !end.IsCancellationRequested; period++)
        {
            var update = feed.Read(run => Next(run, withStrip: period % StripPeriods == 0));
            if (update.Steps is not null || update.Parts.Count > 0 || time.GetElapsedTime(sent) >= Heartbeat)
            {
                sent = time.GetTimestamp();
                yield return update.ToFrame(json);
            }

            await Task.Delay(RunFeed.Period, time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The whole run, as bytes that all viewers share who come within a period: these may be half a megabyte.</summary>
    private ReadOnlyMemory<byte> First(RunSnapshot run)
    {
        var first = Rendered.GetValue(feed, _ => new()).First(run, token, json, time);
        (_number, _width) = (first.Number, first.Width);
        foreach (var (name, markup) in first.Parts)
            _sent[name] = markup;
        return first.Frame;
    }

    private LiveUpdate Next(RunSnapshot run, bool withStrip)
    {
        var parts = new Dictionary<string, string>();
        foreach (var (name, markup) in Rendered.GetValue(feed, _ => new()).Parts(run, token, time))
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
