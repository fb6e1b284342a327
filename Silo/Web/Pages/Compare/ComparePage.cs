using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Comparing;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Compare;

/// <summary>Compares runs: their curves on shared axes, their results, and the keys in which their specs differ.</summary>
internal static class ComparePage
{
    private const int Height = 420;

    private static readonly (ChartAlignment X, string Value, string Name)[] Alignments =
    [
        (ChartAlignment.Step, "step", "step"), (ChartAlignment.Time, "time", "time since the start"),
        (ChartAlignment.Sequence, "sequence", "sequence steps"),
    ];

    /// <summary>The page.</summary>
    /// <param name="comparison">The comparison.</param>
    /// <param name="all">All runs, newest first.</param>
    /// <param name="page">The page's address.</param>
    public static HtmlPage Of(RunComparison comparison, IReadOnlyList<RunEntry> all, Link page) => new("Compare", Html.Of($"""
        <h1>Compare {(comparison.Runs.Count == 0 ? "runs" : Text.Plural(comparison.Runs.Count, "run"))}</h1>
        {Html.Each(comparison.Missing, id => $"""<p class="note warn">There is no run {id}.</p>""")}
        {Html.If(comparison.LeftOut > 0, () => $"""<p class="note warn">The first {comparison.Runs.Count} runs are shown, and {comparison.LeftOut} more left out: choose fewer.</p>""")}
        {(comparison.Runs.Count == 0 ? Html.Of($"""<p class="card">Select runs in the <a href="/">list of runs</a>, or add one here.</p>""") : Compared(comparison, page))}
        {Adding(comparison, all, page)}
        """))
    {
        Place = "/compare",
    };

    private static IHtmlContent Compared(RunComparison comparison, Link page)
    {
        var query = comparison.Query;
        var chart = ComparisonChart.Of(comparison);
        var columns = comparison.Differences.Concat(query.Group is { IsSpec: true } group ? [group.Title] : []).Distinct();
        var file = page.Without("show").To($"/api/compare/{query.Show}");
        bool isStill = comparison.Runs.All(run => !run.IsActive);
        return Html.Of($"""
            <section class="card chart" aria-labelledby="both-title" data-zoom><div class="chart-head"><h2 id="both-title">{chart.Title}</h2></div>
            <form class="controls" method="get" action="/compare" data-view>
            {Html.Each(page.Without([.. ChartMarkup.Keys, "show", "group"]).Query, pair => $"""<input type="hidden" name="{pair.Key}" value="{pair.Value}">""")}
            <label for="show">show</label><select id="show" name="show">{Html.Each(ComparisonQuery.Figures, figure => $"{ChartMarkup.Option(figure.Name, figure.Title, figure.Name == query.Show)}")}</select>
            <label for="group">group by</label><select id="group" name="group">{ChartMarkup.Option("", "nothing", query.Group is null)}{Html.Each(columns, key => $"{ChartMarkup.Option(RunColumn.SpecPrefix + key, key, query.Group?.Title == key)}")}{Html.Each(["state", "tags"], name => $"{ChartMarkup.Option(name, name, query.Group?.Name == name)}")}</select>
            <label for="view-x">by</label><select id="view-x" name="x">{Html.Each(Alignments, one => $"{ChartMarkup.Option(one.Value, one.Name, one.X == query.View.X)}")}</select>
            {ChartMarkup.Controls(query.View)}
            <button class="button" data-scriptless>Show</button><a href="{page.Without([.. ChartMarkup.Keys, "show", "group"])}" data-reset data-key="0">Reset view</a></form>
            <div data-live="compared"{(isStill ? Html.Of($" data-still") : Html.None)}>{ChartMarkup.Drawn(chart, Height)}
            {Html.If(query.Group is not null, () => $"{Html.Each(chart.Series.Where(series => series.Points.Count == 0), series => $"""<p class="note warn">{series.Name}</p>""")}")}</div>
            {Html.If(query.Group is not null, () => $"""<p class="dim">Means are over the range that all runs of a group with values have; bands show one standard deviation (SD) of their runs.</p>""")}
            {ChartMarkup.Downloads(chart, file)}</section>
            {Words.Live("results", CompareTables.Of(comparison, chart, page))}
            """);
    }

    private static IHtmlContent Adding(RunComparison comparison, IReadOnlyList<RunEntry> all, Link page)
    {
        var shown = comparison.Runs.Select(run => run.Id).ToHashSet();
        // What the filters of the list chose is named one by one, so that a run can be added to it.
        var kept = comparison.Query.Runs.Count > 0 ? page.Query
            : [.. page.Without(RunQuery.FilterKeys).Query, .. comparison.Runs.Select(run => KeyValuePair.Create("run", run.Id))];
        return Html.If(all.Count > shown.Count, () => $"""
            <form class="card compare" method="get" action="/compare">{Html.Each(kept, pair => $"""<input type="hidden" name="{pair.Key}" value="{pair.Value}">""")}
            <label for="add">Add a run</label><select id="add" name="run">{Html.Each(all.Where(run => !shown.Contains(run.Id)).Take(RunComparison.Most), run => $"{ChartMarkup.Option(run.Id, run.Id, false)}")}</select><button class="button">Add</button> <a href="/">Choose in the list</a></form>
            """);
    }
}
