using System.Text.Json;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Pages.Run;

namespace Orleans.Tbptt.Silo.Web.Pages;

/// <summary>The first message to a viewer.</summary>
/// <param name="Frame">The server-sent event.</param>
/// <param name="Number">The number of the last event that it includes.</param>
/// <param name="Width">Steps of a row of the charts.</param>
/// <param name="Parts">The parts of the page that are in it.</param>
internal sealed record FirstFrame(ReadOnlyMemory<byte> Frame, long Number, long Width, IReadOnlyDictionary<string, string> Parts);

/// <summary>A run's page as its viewers get it, rendered at most once in a period. Used under the feed's lock.</summary>
internal sealed class RenderedRun
{
    private (string Name, string Markup)[] _parts = [];
    private long _at;
    private FirstFrame? _first;
    private long _firstAt;

    /// <summary>The parts of the page as markup, no older than a period.</summary>
    public IReadOnlyList<(string Name, string Markup)> Parts(RunSnapshot run, WebToken token, TimeProvider time)
    {
        if (_parts.Length == 0 || time.GetElapsedTime(_at) >= RunFeed.Period)
            (_parts, _at) =
                ([.. RunPage.Parts(run, token).Select(part => (part.Name, HtmlPage.Markup(part.Content())))], time.GetTimestamp());
        return _parts;
    }

    /// <summary>The first message to a viewer, no older than a period.</summary>
    public FirstFrame First(RunSnapshot run, WebToken token, JsonSerializerOptions json, TimeProvider time)
    {
        if (_first is not null && time.GetElapsedTime(_firstAt) < RunFeed.Period)
            return _first;
        var parts = Parts(run, token, time).ToDictionary(part => part.Name, part => part.Markup);
        var update = new LiveUpdate(run.History.Number, Text.State(run.Status.State), StepColumns.Of(run.History, 0), parts);
        (_first, _firstAt) = (new(update.ToFrame(json), update.Number, run.History.Steps.Width, parts), time.GetTimestamp());
        return _first;
    }
}
