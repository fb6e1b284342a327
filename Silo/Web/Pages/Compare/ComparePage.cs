using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Compare;

/// <summary>Compares two runs.</summary>
internal static class ComparePage
{
    private static readonly IHtmlContent Head =
        Html.Of($"""<th scope="col">Key</th><th scope="col" class="a">A</th><th scope="col" class="b">B</th>""");

    /// <summary>The page.</summary>
    /// <param name="runs">All runs to choose from, newest first.</param>
    /// <param name="a">The first; null where none is chosen.</param>
    /// <param name="b">The second.</param>
    /// <param name="differences">The differences between their specs.</param>
    public static HtmlPage Of(IReadOnlyList<RunInfo> runs, RunStatus? a, RunStatus? b, IReadOnlyList<SpecDifference> differences) => new("Compare", Html.Of($"""
        <h1>Compare two runs</h1>
        <form class="card compare" method="get" action="/compare">
        {Choice("a", "Run A", runs, a)}{Choice("b", "Run B", runs, b)}<button class="button primary">Compare</button>
        </form>
        {(a is not null && b is not null ? Both(a, b, differences) : Html.None)}
        """))
    {
        Place = "/compare",
    };

    private static IHtmlContent Choice(string name, string label, IReadOnlyList<RunInfo> runs, RunStatus? chosen) => Html.Of($"""
        <label for="{name}">{label}</label><select id="{name}" name="{name}">{Html.Each(runs, run => run.Status.Id == chosen?.Id
            ? (FormattableString)$"""<option selected>{run.Status.Id}</option>"""
            : $"""<option>{run.Status.Id}</option>""")}</select>
        """);

    private static IHtmlContent Both(RunStatus a, RunStatus b, IReadOnlyList<SpecDifference> differences) => Html.Of($"""
        <section class="card chart" aria-labelledby="both-title"><div class="chart-head"><h2 id="both-title">Loss</h2>
        <div class="controls" hidden><label><input type="checkbox" id="log-axis" checked> log axis</label><label for="smooth">smoothing</label><input type="range" id="smooth" min="0" max="0.99" step="0.01" value="0.8"></div></div>
        <div class="plot tall" data-compare-a="{a.Id}" data-compare-b="{b.Id}"><div class="pair"><div class="a">{Sparkline.Of(a.EpochLosses, "epoch losses of A", logarithmic: true, 600, 110)}</div><div class="b">{Sparkline.Of(b.EpochLosses, "epoch losses of B", logarithmic: true, 600, 110)}</div></div></div></section>
        <section class="card"><h2>Results</h2>{Words.Table("Results", Head, Html.Of($"""
            {Line("run", Link(a), Link(b))}
            {Line("state", Html.Of($"{Text.State(a.State)}"), Html.Of($"{Text.State(b.State)}"))}
            {Line("steps", Html.Of($"{Text.Count(a.Step)}"), Html.Of($"{Text.Count(b.Step)}"))}
            {Line("last epoch's loss", Last(a.EpochLosses), Last(b.EpochLosses))}
            {Line("best validation", Html.Of($"{Words.Figure(a.BestValidationLoss)}"),
                Html.Of($"{Words.Figure(b.BestValidationLoss)}"))}
            """))}</section>
        <section class="card"><h2>Specs</h2>{(differences.Count == 0 ? Html.Of($"""<p class="dim">The specs do not differ.</p>""") : Words.Table("Keys in which the specs differ", Head, Html.Each(differences, Row)))}</section>
        """);

    private static IHtmlContent Link(RunStatus run) => Html.Of($"""<a href="/runs/{run.Id}">{run.Id}</a>""");

    private static IHtmlContent Last(IReadOnlyList<double> losses) => Html.Of($"{(losses.Count > 0 ? Text.Figure(losses[^1]) : "–")}");

    private static IHtmlContent Line(string key, IHtmlContent a, IHtmlContent b) =>
        Html.Of($"""<tr><th scope="row">{key}</th><td>{a}</td><td>{b}</td></tr>""");

    private static FormattableString Row(SpecDifference one) =>
        $"""<tr><th scope="row"><code>{one.Key}</code></th><td>{one.A ?? "–"}</td><td>{one.B ?? "–"}</td></tr>""";
}
