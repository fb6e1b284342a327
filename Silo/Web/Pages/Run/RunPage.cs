using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>The page of a run.</summary>
internal static class RunPage
{
    /// <summary>The parts that change while a run trains, by their name on the page; rendered on demand.</summary>
    public static IReadOnlyList<(string Name, Func<IHtmlContent> Content)> Parts(RunSnapshot run, WebToken token) =>
    [
        ("head", () => RunHead.Of(run)),
        ("actions", () => RunActions.Of(run.Info, token)),
        ("trouble", () => ProblemsCard.Of(run)),
        ("strip", () => StripView.Of(run)),
        ("epochs", () => EpochTable.Of(run)),
        ("heldout", () => HeldOutTable.Of(run)),
        ("trainers", () => TrainerView.Of(run)),
        ("checkpoints", () => CheckpointTable.Of(run)),
        ("history", () => HistoryTable.Of(run)),
    ];

    /// <summary>The page.</summary>
    /// <param name="run">The run.</param>
    /// <param name="spec">Its spec's text; null where it cannot be read.</param>
    /// <param name="token">Seals the forms.</param>
    /// <param name="view">How the charts are shown.</param>
    /// <param name="page">The page's address.</param>
    public static HtmlPage Of(RunSnapshot run, string? spec, WebToken token, ChartView view, Link page)
    {
        var parts = Parts(run, token).ToDictionary(part => part.Name, part => part.Content);
        string id = run.Status.Id;
        return new(id, Html.Of($"""
            <div data-run="{id}" data-number="{run.History.Number}">
            <div class="title"><div><p class="crumb"><a href="/">Runs</a></p><h1>{id}</h1></div>{Part("actions")}</div>
            {Part("head")}
            {Part("trouble")}
            {NotesCard.Of(run.Info.Directory.Id, run.Info.ReadNotes(), token)}
            {ChartsView.Of(run, view, page)}
            {StepCard.Of(run.Status)}
            <section class="card" aria-labelledby="strip-title">
            <h2 id="strip-title">Trainers over time</h2>
            {Part("strip")}
            </section>
            <div class="columns">
            <section class="card" aria-labelledby="epochs-title"><h2 id="epochs-title">Epochs</h2>{Part("epochs")}</section>
            <section class="card" aria-labelledby="heldout-title"><h2 id="heldout-title">Held-out data</h2>{Part("heldout")}</section>
            <section class="card" aria-labelledby="trainers-title"><h2 id="trainers-title">Trainers</h2>{Part("trainers")}</section>
            <section class="card" aria-labelledby="checkpoints-title"><h2 id="checkpoints-title">Checkpoints</h2>{Part("checkpoints")}</section>
            <section class="card" aria-labelledby="history-title"><h2 id="history-title">What happened</h2>{Part("history")}</section>
            </div>
            <section class="card"><details><summary><h2>Spec</h2></summary><pre tabindex="0">{spec ?? "This silo cannot read the run's spec.yaml."}</pre></details>
            <p><a href="/compare?run={id}">Compare with other runs</a> · <a href="/api/runs/{id}/spec">spec.yaml</a> · <a href="/api/runs/{id}">JSON</a></p></section>
            </div>
            """));

        IHtmlContent Part(string name) => Words.Live(name, parts[name]());
    }
}
