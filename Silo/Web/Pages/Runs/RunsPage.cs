using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Runs;

/// <summary>The page of all runs of the run store.</summary>
internal static class RunsPage
{
    /// <summary>The page.</summary>
    /// <param name="runs">All runs, newest first.</param>
    /// <param name="problems">What cannot be read.</param>
    /// <param name="query">Which of them are shown.</param>
    /// <param name="page">The page's address.</param>
    public static HtmlPage Of(IReadOnlyList<RunEntry> runs, IReadOnlyList<string> problems, RunQuery query, Link page) => new("Runs", Html.Of($"""
        <h1>Runs</h1>
        {Html.If(runs.Count > 0, () => $"{FilterForm.Of(runs, query, page)}")}
        {Words.Live("runs", List(runs, problems, query, page))}
        """))
    {
        Place = "/",
    };

    private static IHtmlContent List(IReadOnlyList<RunEntry> runs, IReadOnlyList<string> problems, RunQuery query, Link page)
    {
        var waiting = runs.Where(run => run is { Status.State: RunState.Queued, Info.IsLost: false })
            .OrderBy(run => run.Status.QueuePosition).ToList();
        return Html.Of($"""
            {Html.If(problems.Count > 0, () => $"""<div class="note warn" role="alert">{Html.Each(problems, problem => $"<p>{problem}</p>")}</div>""")}
            {Html.If(runs.Count == 0, () => $"""<p class="card">No run has been submitted yet. <code>tbptt train SPEC</code> trains one.</p>""")}
            {Html.If(waiting.Count > 0, () => $"""<section class="card"><h2>Queue</h2><ol>{Html.Each(waiting, Waiting)}</ol></section>""")}
            {Html.If(runs.Count > 0, () => $"{RunTable.Of(runs, query, page)}")}
            """);
    }

    private static FormattableString Waiting(RunEntry run) =>
        $"""<li><a href="/runs/{run.Id}">{run.Id}</a>: {Outcome.Queue(run.Status.QueuePosition)}{(run.Status.Message.Length > 0 ? $", {run.Status.Message}" : "")}</li>""";
}
