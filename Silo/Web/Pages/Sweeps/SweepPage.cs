using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Sweeping;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Silo.Web.Pages.Sweeps;

/// <summary>The page of a sweep: its trials as a table and as lines, the best figure so far, and what the figure goes with.</summary>
internal static class SweepPage
{
    private const int ChartHeight = 300;

    /// <summary>The page.</summary>
    public static HtmlPage Of(SweepStatus sweep) => new(sweep.Id, Html.Of($"""
        <h1>Sweep {sweep.Id}</h1>
        {Head(sweep)}
        {(sweep.Trials.Count == 0 ? Html.Of($"""<p class="card">No trial has begun yet.</p>""") : Trials(sweep))}
        """))
    {
        Place = "/sweeps",
    };

    /// <summary>The trials, those of the highest rungs first, then by figure.</summary>
    internal static IReadOnlyList<TrialStatus> BestFirst(SweepStatus sweep) => [.. sweep.Trials
        .OrderByDescending(trial => Last(trial) is { } ? trial.Figures.Count : 0)
        .ThenBy(trial => Last(trial) is { } figure ? sweep.MoreIsBetter ? -figure : figure : double.PositiveInfinity)
        .ThenBy(trial => trial.Trial)];

    /// <summary>The best trial; null for none.</summary>
    internal static TrialStatus? BestOf(SweepStatus sweep) => sweep.Trials.FirstOrDefault(trial => trial.Trial == sweep.Best);

    /// <summary>The newest figure of a trial; null for none.</summary>
    internal static double? Last(TrialStatus trial) => trial.Figures is [.., var figure] && double.IsFinite(figure) ? figure : null;

    private static IHtmlContent Head(SweepStatus sweep) => Html.Of($"""
        <dl class="figures">
        <div><dt>State</dt><dd><span class="badge {Text.State(sweep.State)}">{Text.State(sweep.State)}</span></dd></div>
        <div><dt>Trials</dt><dd>{sweep.Trials.Count(trial => trial.Figures.Count > 0)}/{sweep.Planned} <small>{sweep.Strategy}</small></dd></div>
        <div><dt>Best {sweep.Metric}</dt><dd>{Best(sweep)}</dd></div>
        <div><dt>Rungs</dt><dd>{string.Join(", ", sweep.Rungs)} <small>epochs</small></dd></div>
        <div><dt>Steps computed</dt><dd>{Text.Count(sweep.Trials.Sum(trial => trial.Steps))} <small>{Text.Count(sweep.Trials.Sum(trial => trial.SharedSteps))} shared</small></dd></div>
        <div><dt>Started</dt><dd>{Words.Time(sweep.SubmittedAt)}</dd></div>
        </dl>
        {Html.If(sweep.Message.Length > 0, () => $"""<p class="note warn" role="alert">{sweep.Message}</p>""")}
        """);

    private static IHtmlContent Best(SweepStatus sweep) => BestOf(sweep) is { } best && Last(best) is { } figure
        ? Html.Of($"{Text.Figure(figure)} <small>trial {best.Trial}</small>") : Html.Of($"–");

    private static IHtmlContent Trials(SweepStatus sweep)
    {
        var best = BestFirst(sweep);
        double[] first = [.. sweep.Trials.Select(trial => trial.Figures.Count > 0 ? trial.Figures[0] : double.NaN)];
        SweepAxis[] axes = [.. Enumerable.Range(0, sweep.Keys.Count).Select(key => SweepAxis.Of(sweep, key))];
        var figure = SweepAxis.Of($"{sweep.Metric} at epoch {sweep.Rungs[0]}", first);
        return Html.Of($"""
            <section class="card chart" aria-labelledby="parallel-title"><h2 id="parallel-title">Values and figures <small>the best three coloured</small></h2>
            {ParallelCoordinates.Of(sweep, axes, figure, best)}</section>
            <section class="card chart" aria-labelledby="best-title"><h2 id="best-title">Best so far</h2>{ChartMarkup.Drawn(Curve(sweep, first), ChartHeight)}</section>
            <section class="card" aria-labelledby="importance-title"><h2 id="importance-title">Importance <small>share of the differences in rank that goes with one key</small></h2>
            {Words.Table("importance", Html.Of($"""<th scope="col">Key</th><th scope="col">Share</th><th scope="col"></th>"""), Html.Each(axes.Select(axis => (axis.Name, Share: Importance.Of(axis, first))).OrderByDescending(one => one.Share), one => $"""<tr><th scope="row">{one.Name}</th><td class="figure">{(double.IsFinite(one.Share) ? Text.Figure(one.Share) : "–")}</td><td><meter min="0" max="1" value="{(double.IsFinite(one.Share) ? one.Share : 0):0.###}" aria-label="share of {one.Name}"></meter></td></tr>"""))}
            <p class="dim">Of numbers the square of Spearman's rank correlation with the figure at the first rung, of words the correlation ratio of the figure's ranks. Effects of several keys together are not seen.</p></section>
            {Table(sweep, best)}
            """);
    }

    private static Chart Curve(SweepStatus sweep, IReadOnlyList<double> first)
    {
        ChartPoint[] points = [.. first.Select((figure, trial) => new ChartPoint(trial, figure))];
        double bestSoFar = double.NaN;
        ChartPoint[] curve = [.. points.Select(point =>
        {
            if (double.IsFinite(point.Y) && !(sweep.MoreIsBetter ? point.Y <= bestSoFar : point.Y >= bestSoFar))
                bestSoFar = point.Y;
            return point with { Y = bestSoFar };
        })];
        return new("best", "Best so far", new("trial", AxisKind.Count), new($"{sweep.Metric} at epoch {sweep.Rungs[0]}"),
        [
            new("best so far", ChartColour.Of(0), curve), new("trials", ChartColour.Of(1), points) { IsPoints = true },
        ]);
    }

    private static IHtmlContent Table(SweepStatus sweep, IReadOnlyList<TrialStatus> best) => Html.Of($"""
        <section class="card" aria-labelledby="trials-title"><h2 id="trials-title">Trials <small>best first</small></h2>
        {Words.Table("trials", Html.Of($"""<th scope="col">Trial</th><th scope="col">State</th>{Html.Each(sweep.Keys, key => $"""<th scope="col">{key}</th>""")}{Html.Each(sweep.Rungs, rung => $"""<th scope="col">Epoch {rung}</th>""")}<th scope="col">Steps</th><th scope="col">Shared</th><th scope="col">Run</th>"""), Html.Each(best, trial => Row(sweep, trial)))}</section>
        """);

    private static FormattableString Row(SweepStatus sweep, TrialStatus trial) => $"""
        <tr><th scope="row">{trial.Trial}</th><td>{Text.State(trial.State)}{Html.If(trial.Problem.Length > 0, () => $" <small>{trial.Problem}</small>")}</td>{Html.Each(trial.Values, value => $"""<td class="figure">{value}</td>""")}{Html.Each(Enumerable.Range(0, sweep.Rungs.Count), rung => $"""<td class="figure">{Words.Figure(rung < trial.Figures.Count && double.IsFinite(trial.Figures[rung]) ? trial.Figures[rung] : null)}</td>""")}<td class="figure">{Text.Count(trial.Steps)}</td><td class="figure">{Text.Count(trial.SharedSteps)}</td><td>{Html.If(trial.Run.Length > 0, () => $"""<a href="/runs/{trial.Run}">{trial.Run}</a>""")}</td></tr>

        """;
}
