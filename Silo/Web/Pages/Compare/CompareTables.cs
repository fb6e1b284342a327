using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Comparing;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Compare;

/// <summary>The figures of a comparison.</summary>
internal static class CompareTables
{
    /// <summary>Up to this many runs stand in columns, and the keys of their specs in rows.</summary>
    private const int FewRuns = 4;

    /// <summary>Keys of specs in columns at most; a table of many runs would be too wide.</summary>
    private const int MostKeys = 12;

    /// <summary>The tables.</summary>
    public static IHtmlContent Of(RunComparison comparison, Chart chart, Link page) => Html.Of($"""
        {Html.If(comparison.Query.Group is not null, () => $"""<section class="card"><h2>Groups</h2>{Groups(comparison, chart)}</section>""")}
        <section class="card"><h2>Results and differing keys of the specs</h2>{(comparison.Runs.Count <= FewRuns ? Columns(comparison, chart) : Rows(comparison, chart, page))}
        {Html.If(comparison.Differences.Count == 0 && comparison.Runs.Count > 1, () => $"""<p class="dim">The specs do not differ.</p>""")}</section>
        """);

    private static IHtmlContent Groups(RunComparison comparison, Chart chart) => Words.Table("Groups", Html.Of($"""
        <th scope="col">Group</th><th scope="col">Runs</th><th scope="col">Last epoch's loss, mean ± SD</th><th scope="col">Best validation, mean ± SD</th><th scope="col">Best run</th>
        """), Html.Each(comparison.Groups, group => Group(comparison, chart, group)));

    private static FormattableString Group(RunComparison comparison, Chart chart, RunGroup group)
    {
        var runs = group.Members.Select(run => comparison.Runs[run]).ToList();
        var best = runs.Where(run => Best(run) is not null).MinBy(Best);
        return $"""
            <tr><th scope="row">{ChartSvg.Swatch(chart.Series[group.Index])}{group.Name}</th><td>{runs.Count}</td><td class="figure">{Figure(runs, run => run.Status.LastEpochLoss)}</td><td class="figure">{Figure(runs, run => run.Status.BestValidationLoss)}</td><td>{(best is null ? Html.Of($"–") : Html.Of($"""<a href="/runs/{best.Id}">{best.Id}</a>"""))}</td></tr>

            """;
    }

    /// <summary>What the best run is best by: validation, and where nothing is held out, training.</summary>
    private static double? Best(RunEntry run) => run.Status.BestValidationLoss ?? run.Status.LastEpochLoss;

    /// <summary>A mean with its spread, and of how many runs it is where some have no finite value.</summary>
    private static string Figure(List<RunEntry> runs, Func<RunEntry, double?> value)
    {
        var spread = Spread.Of(runs.Select(run => value(run) ?? double.NaN));
        string of = spread.Count == runs.Count ? "" : $" ({spread.Count} of {Text.Plural(runs.Count, "run")})";
        return spread.Count switch
        {
            0 => "–",
            1 => Text.Figure(spread.Mean) + of,
            _ => $"{Text.Figure(spread.Mean)} ± {spread.Deviation.ToString("G2", System.Globalization.CultureInfo.InvariantCulture)}{of}",
        };
    }

    private static IHtmlContent Rows(RunComparison comparison, Chart chart, Link page)
    {
        var keys = comparison.Differences.Take(MostKeys).ToList();
        int more = comparison.Differences.Count - keys.Count;
        var order = comparison.Groups.SelectMany(group => group.Members.Select(run => (group, Run: run)));
        return Html.Of($"""
            {Words.Table("Runs", Html.Of($"""
                <th scope="col">Run</th><th scope="col">State</th><th scope="col">Steps</th><th scope="col">Last epoch's loss</th><th scope="col">Best validation</th>{Html.Each(keys, key => $"""<th scope="col">{key}</th>""")}<th scope="col"><span class="hidden">Remove</span></th>
                """), Html.Each(order, one => Row(comparison.Runs[one.Run], chart.Series[one.group.Index], keys, Without(comparison, page, comparison.Runs[one.Run]))))}
            {Html.If(more > 0, () => $"""<p class="dim">The specs differ in {more} more keys.</p>""")}
            """);
    }

    private static FormattableString Row(RunEntry run, ChartSeries series, List<string> keys, Link without) => $"""
        <tr><th scope="row" class="id">{ChartSvg.Swatch(series)}<a href="/runs/{run.Id}">{run.Id}</a></th><td>{Words.Badge(run.Info)}</td><td class="figure">{Text.Count(run.Status.Step)}</td><td class="figure">{Words.Figure(run.Status.LastEpochLoss)}</td><td class="figure">{Words.Figure(run.Status.BestValidationLoss)}</td>{Html.Each(keys, key => $"""<td>{run.Spec.GetValueOrDefault(key, "–")}</td>""")}<td><a href="{without}" aria-label="Remove {run.Id}">remove</a></td></tr>

        """;

    private static Link Without(RunComparison comparison, Link page, RunEntry run) =>
        page.Without([.. RunQuery.FilterKeys, "a", "b"]).With("run", comparison.Runs.Where(one => one != run).Select(one => one.Id));

    private static IHtmlContent Columns(RunComparison comparison, Chart chart) => Words.Table("Results and differences",
        Html.Of($"""<th scope="col">Key</th>{Html.Each(comparison.Runs.Index(), one => $"""<th scope="col">{ChartSvg.Swatch(chart.Series[GroupOf(comparison, one.Index)])}<a href="/runs/{one.Item.Id}">{one.Item.Id}</a></th>""")}"""),
        Html.Of($"""
            {Line(comparison, "state", run => Words.Badge(run.Info))}
            {Line(comparison, "steps", run => Html.Of($"{Text.Count(run.Status.Step)}"))}
            {Line(comparison, "last epoch's loss", run => Html.Of($"{Words.Figure(run.Status.LastEpochLoss)}"))}
            {Line(comparison, "best validation", run => Html.Of($"{Words.Figure(run.Status.BestValidationLoss)}"))}
            {Html.Each(comparison.Differences, key => $"{Line(comparison, key, run => Html.Of($"{run.Spec.GetValueOrDefault(key, "–")}"))}")}
            """));

    private static IHtmlContent Line(RunComparison comparison, string key, Func<RunEntry, IHtmlContent> cell) =>
        Html.Of($"""<tr><th scope="row">{key}</th>{Html.Each(comparison.Runs, run => $"<td>{cell(run)}</td>")}</tr>""");

    private static int GroupOf(RunComparison comparison, int run) => comparison.Groups.First(group => group.Members.Contains(run)).Index;
}
