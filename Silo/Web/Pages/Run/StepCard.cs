using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>
/// What can be done with a step of a run: the commands, of its newest step; a script puts the step in their place that is clicked at in
/// the charts.
/// </summary>
internal static class StepCard
{
    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunStatus status) => Html.Of($"""
        <section class="card" aria-labelledby="step-title"><h2 id="step-title">A step again <small>click at a point of the loss or of the gradient norm to choose one</small></h2>
        <p aria-live="polite">step {Chosen(status.Step)}, loss <span data-chosen="loss">{(status.Loss is { } loss ? Text.Figure(loss) : "–")}</span></p>
        <p class="dim">Its state, to the bit; a new run from it on; what is behind its loss:</p>
        <pre tabindex="0">{Line("at", "step", status)} --export DIR
        {Line("fork", "at", status)} --set KEY=VALUE
        {Line("explain", "step", status)}</pre>
        <p><a class="button" data-step-page href="/runs/{status.Id}/steps/{Math.Max(1, status.Step)}">Explain it here</a></p></section>
        """);

    private static IHtmlContent Line(string verb, string option, RunStatus status) =>
        Html.Of($"tbptt {verb} {status.Id} --{option} {Chosen(status.Step)}");

    private static IHtmlContent Chosen(long step) => Html.Of($"""<span data-chosen="step">{step}</span>""");
}
