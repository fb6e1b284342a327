using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Curves;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>The charts of a run, drawn as of now; a script replaces them by live ones.</summary>
internal static class ChartsView
{
    private const int Tall = 290, Small = 190;

    /// <summary>The part.</summary>
    /// <param name="run">The run.</param>
    /// <param name="view">How the charts are shown.</param>
    /// <param name="page">The page's address.</param>
    public static IHtmlContent Of(RunSnapshot run, ChartView view, Link page)
    {
        // Live charts are by step; other axes are on the page that compares runs.
        var curve = RunCurve.Of(run);
        var shown = view with { X = ChartAlignment.Step };
        return Html.Of($"""
            <div class="charts">
            <section class="card chart wide-chart" aria-labelledby="loss-title"><div class="chart-head"><h2 id="loss-title">Loss{Html.If(run.History.Interruptions.Any(one => one.IsLoss), () => $" <small>dashed red: a silo was lost</small>")}</h2>
            <form class="controls" method="get" data-view>{ChartMarkup.Controls(shown, "1")}<button class="button" data-scriptless>Show</button><a href="{page.Without(ChartMarkup.Keys)}" data-reset data-key="0">Reset view</a></form></div>
            {Plot("loss", Tall)}</section>
            <section class="card chart" aria-labelledby="rate-title"><h2 id="rate-title">Throughput <small>steps/s</small></h2>
            {Plot("throughput", Small)}</section>
            <section class="card chart" aria-labelledby="norm-title"><h2 id="norm-title">Gradient norm <small>{Clipping(run.History)}</small></h2>
            {Plot("norm", Small)}</section>
            <section class="card chart" aria-labelledby="lr-title"><h2 id="lr-title">Learning rate</h2>
            {Plot("lr", Small)}</section>
            </div>
            """);

        IHtmlContent Plot(string name, int height)
        {
            var chart = RunCharts.Of(curve, name, shown)!;
            var file = page.Only(ChartMarkup.Keys).To($"/api/runs/{run.Status.Id}/charts/{name}");
            return Html.Of($"""
                <div class="plot{(height == Tall ? " tall" : "")}" data-chart="{name}">{ChartMarkup.Drawn(chart, height)}</div>
                {ChartMarkup.Downloads(chart, file)}
                """);
        }
    }

    private static string Clipping(RunHistory history) => history.ClipNorm is { } norm ? $"clipped above {Text.Figure(norm)}"
        : "not clipped";
}
