using System.Globalization;
using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Explaining;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>What is behind a step of a run: the same as <c>tbptt explain</c>.</summary>
internal static class StepPage
{
    private const int MostLanes = 20;

    private static readonly IHtmlContent LaneHead = Html.Of($"""
        <th scope="col">Lane</th><th scope="col">Of gradient</th><th scope="col">Norm</th><th scope="col">Usually</th>
        <th scope="col">Loss</th><th scope="col">Usually</th><th scope="col">Sequence</th><th scope="col">Trained on</th>
        """);

    private static readonly IHtmlContent PieceHead = Html.Of($"""
        <th scope="col">Time steps</th><th scope="col">Loss</th><th scope="col">Norm</th><th scope="col">Trained on</th>
        """);

    /// <summary>The page.</summary>
    /// <param name="run">The run's id.</param>
    /// <param name="spec">Its spec.</param>
    /// <param name="step">What is behind the step.</param>
    public static HtmlPage Of(string run, RunSpec spec, StepExplanation step) => new($"Step {step.Step} of {run}", Html.Of($"""
        <div class="title"><div><p class="crumb"><a href="/">Runs</a> <a href="/runs/{run}">{run}</a></p><h1>Step {Text.Count(step.Step)}</h1></div></div>
        <section class="card" aria-labelledby="behind-title"><h2 id="behind-title">What is behind it <small>epoch {step.Epoch}</small></h2>
        <p>{ExplanationText.Conclusion(spec, step)}</p>
        <p>loss {Compared(step.Loss, step.UsualLoss, step.Around.Count)}</p>
        <p>gradient norm {Compared(step.GradientNorm, step.UsualNorm, step.Around.Count)}</p>
        {Words.Table("Lanes, that with the largest share of the gradient first", LaneHead, Html.Each(step.Lanes.Take(MostLanes), lane => Row(spec, lane)))}
        {Html.If(step.Lanes.Count > MostLanes, () => $"""<p class="dim">and {step.Lanes.Count - MostLanes} lanes with smaller parts</p>""")}
        {Html.Each(step.Lanes.Where(lane => lane.Pieces.Count > 0), lane => Pieces(spec, lane))}
        {Html.If(step.Lags.Count > 0, () => $"""<h3>Lane {step.Lanes[0].Figures.Lane}, if the gradient ran on beyond where training stops</h3><ul>{Html.Each(step.Lags, lag => $"<li>{lag.Name}: {Share(lag.Value)}</li>")}</ul>""")}
        </section>
        """))
    {
        Place = "/",
    };

    private static FormattableString Row(RunSpec spec, LaneExplanation lane) => $"""
        <tr><th scope="row">{lane.Figures.Lane}</th><td class="figure">{Share(lane.Figures.Share)}</td>
        <td class="figure">{Text.Figure(lane.Figures.GradientNorm)}</td><td class="figure">{Text.Figure(lane.UsualNorm)}</td>
        <td class="figure">{(lane.Figures.Weight > 0 ? Text.Figure(lane.Figures.Loss) : "–")}</td><td class="figure">{Text.Figure(lane.UsualLoss)}</td>
        <td class="figure">{lane.Figures.Chunk.Sequence + 1}</td><td>{ExplanationText.Of(spec, lane)}</td></tr>

        """;

    private static FormattableString Pieces(RunSpec spec, LaneExplanation lane) => $"""
        <h3>Lane {lane.Figures.Lane}, in parts</h3>
        {Words.Table($"Lane {lane.Figures.Lane} in parts", PieceHead, Html.Each(lane.Pieces, piece => Row(spec, piece)))}
        """;

    private static FormattableString Row(RunSpec spec, PieceExplanation piece) => $"""
        <tr><th scope="row">{Text.Count(piece.Figures.Start + 1)} to {Text.Count(piece.Figures.Start + piece.Figures.Length)}</th>
        <td class="figure">{Text.Figure(piece.Figures.Loss)}</td><td class="figure">{Text.Figure(piece.Figures.GradientNorm)}</td>
        <td>{ExplanationText.Of(spec, piece)}</td></tr>

        """;

    private static string Compared(double value, double usual, int around) => around == 0 ? Text.Figure(value)
        : $"{Text.Figure(value)}, {ExplanationText.Compared(value, usual, around)}, {Text.Figure(usual)}";

    private static string Share(double value) => double.IsFinite(value) ? value.ToString("P1", CultureInfo.InvariantCulture) : "–";
}
