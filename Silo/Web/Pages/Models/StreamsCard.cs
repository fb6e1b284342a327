using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Models;

namespace Orleans.Tbptt.Silo.Web.Pages.Models;

/// <summary>The streams of a served model: how many rows each has taken, and when; where it lives, and when it expires.</summary>
internal static class StreamsCard
{
    private static readonly IHtmlContent Head = Html.Of($"""
        <th scope="col">Stream</th><th scope="col">Rows</th><th scope="col">Last row</th>
        <th scope="col">Silo</th><th scope="col">Expires</th>
        """);

    /// <summary>The part.</summary>
    /// <param name="streams">The streams.</param>
    /// <param name="page">The address of the page that has the part, to which the form returns.</param>
    /// <param name="about">What stands below the streams.</param>
    public static IHtmlContent Of(ModelStreams streams, Link page, IHtmlContent about) => Html.Of($"""
        <section class="card" aria-labelledby="streams-title" id="streams" data-part="{Alone(streams, page)}">
        <h2 id="streams-title">Streams</h2>
        {Filter(streams, page)}
        {Words.Live("streams", List(streams, Alone(streams, page)))}
        {about}
        </section>
        """);

    /// <summary>The address of the page that has the same streams alone, which scripts ask for, too.</summary>
    private static Link Alone(ModelStreams streams, Link page) =>
        page.To(PathOf(streams.Model)).Only(ModelStreams.PartKey, ModelStreams.AfterKey, ModelStreams.MostKey);

    /// <summary>The path of the page that has the streams alone.</summary>
    public static string PathOf(string model) => $"/models/{model}/streams";

    private static IHtmlContent Filter(ModelStreams streams, Link page)
    {
        return Html.Of($"""
            <form class="controls" method="get" action="{page.Path}#streams" role="search">
            {Html.Each(Others(page), pair => $"""<input type="hidden" name="{pair.Key}" value="{pair.Value}">""")}
            <label for="streams-part">ID has</label>
            <input type="search" id="streams-part" name="{ModelStreams.PartKey}" value="{streams.Query.Part}">
            <label for="streams-most">shown</label>
            <select id="streams-most" name="{ModelStreams.MostKey}">{Html.Each(ModelStreams.RowCounts, Choice)}</select>
            <button class="button">Show</button></form>
            """);

        FormattableString Choice(int count) => $"{ChartMarkup.Option($"{count}", $"{count}", count == streams.Query.Most)}";
    }

    /// <summary>What else the page's address says, such as the series of the plot.</summary>
    private static IReadOnlyList<KeyValuePair<string, string>> Others(Link page) =>
        page.Without(ModelStreams.PartKey, ModelStreams.MostKey, ModelStreams.AfterKey).Query;

    private static IHtmlContent List(ModelStreams streams, Link alone)
    {
        if (streams.List is not { } list)
            return Html.Of($"""<p class="note warn" role="alert">{streams.Problem}</p>""");
        if (list.Count == 0)
            return Html.Of($"""<p class="dim">No stream has sent a row.</p>""");
        string caption = streams.IsFiltered ? $"{Text.Count(list.Found)} of {Text.Plural(list.Count, "stream")}"
            : Text.Plural(list.Count, "stream");
        if (list.Streams.Count < list.Found)
            caption += $", {Text.Count(list.Streams.Count)} shown, by ID";
        var table = list.Streams.Count == 0 ? Nothing(streams, alone)
            : Words.Table(caption, Head, Html.Each(list.Streams, one => Row(streams.Model, one)));
        return Html.Of($"""<p class="dim" data-count>{caption}</p>{table}{Pages(streams.Query, list, alone)}""");
    }

    private static IHtmlContent Nothing(ModelStreams streams, Link alone)
    {
        string where = streams.Query.After.Length == 0 ? "" : " behind this one";
        return Html.Of($"""
            <p>No stream fits{where}. <a href="{alone.Only(ModelStreams.MostKey)}">Show all streams</a>.</p>
            """);
    }

    private static IHtmlContent Pages(StreamQuery query, StreamList list, Link alone)
    {
        bool isFirst = query.After.Length == 0, mayFollow = list.Streams.Count == query.Most && list.Streams.Count < list.Found;
        var first = Html.If(!isFirst, () => $"""<a href="{alone.Without(ModelStreams.AfterKey)}">First</a>""");
        var next = Html.If(mayFollow, () => $"""<a href="{alone.With(ModelStreams.AfterKey, list.Streams[^1].Stream)}">Next</a>""");
        return Html.If(!isFirst || mayFollow, () => $"""<nav class="pages" aria-label="Pages of the streams">{first}{next}</nav>""");
    }

    private static FormattableString Row(string model, StreamEntry stream) => $"""
        <tr><th scope="row" class="id"><a href="/api/models/{model}/streams/{stream.Stream}">{stream.Stream}</a></th>
        <td class="figure">{Text.Count(stream.Last)}</td><td class="figure">{Words.Time(stream.TakenAt)}</td>
        <td class="figure">{stream.Silo}</td><td class="figure">{Words.Time(stream.ExpiresAt)}</td></tr>

        """;
}
