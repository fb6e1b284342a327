using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>The charts of a run, drawn as of now; a script replaces them by live ones.</summary>
internal static class ChartsView
{
    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunSnapshot run)
    {
        var steps = run.History.Steps.Buckets;
        return Html.Of($"""
            <div class="charts">
            <section class="card chart wide-chart" aria-labelledby="loss-title"><div class="chart-head"><h2 id="loss-title">Loss{Html.If(run.History.Interruptions.Any(one => one.IsLoss), () => $" <small>dashed red: a silo was lost</small>")}</h2>
            <div class="controls" hidden><label><input type="checkbox" id="log-axis" checked> log axis</label><label for="smooth">smoothing</label><input type="range" id="smooth" min="0" max="0.99" step="0.01" value="0.8"></div></div>
            {Plot("loss", "Training loss by step", [.. steps.Select(step => step.Loss)], logarithmic: true, tall: true)}</section>
            <section class="card chart" aria-labelledby="rate-title"><h2 id="rate-title">Throughput <small>steps/s</small></h2>
            {Plot("throughput", "Steps per second", [.. steps.Select(step => step.Count / step.Seconds)])}</section>
            <section class="card chart" aria-labelledby="norm-title"><h2 id="norm-title">Gradient norm <small>{Clipping(run.History)}</small></h2>
            {Plot("norm", "Gradient norm before clipping by step", [.. steps.Select(step => step.GradientNorm)], logarithmic: true)}</section>
            <section class="card chart" aria-labelledby="lr-title"><h2 id="lr-title">Learning rate</h2>
            {Plot("lr", "Learning rate by step", [.. steps.Select(step => step.LearningRate)])}</section>
            </div>
            """);
    }

    /// <summary>The range of the values, in place of an axis.</summary>
    private static IHtmlContent Range(IReadOnlyList<double> values) => values.Where(double.IsFinite).ToList() is { Count: > 1 } finite
        ? Html.Of($"""<p class="dim">from {Text.Figure(finite[0])} to {Text.Figure(finite[^1])}; least {Text.Figure(finite.Min())}, greatest {Text.Figure(finite.Max())}</p>""")
        : Html.None;

    private static string Clipping(RunHistory history) => history.ClipNorm is { } norm ? $"clipped above {Text.Figure(norm)}"
        : "not clipped";

    private static IHtmlContent Plot(string name, string what, IReadOnlyList<double> values, bool logarithmic = false, bool tall = false) => Html.Of($"""
        <div class="plot {(tall ? "tall" : "")}" data-chart="{name}">{Sparkline.Of(values, what, logarithmic, 600, tall ? 220 : 120)}{Range(values)}{Html.If(values.Count < 2, () => $"""<p class="dim">No steps yet.</p>""")}</div>
        """);
}
