using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages;

/// <summary>The page of all runs of the run store.</summary>
internal static class RunsPage
{
    private static readonly IHtmlContent Head = Html.Of($"""
        <th scope="col">Run</th><th scope="col">State</th><th scope="col" class="wide">Epoch</th><th scope="col">Epoch loss</th>
        <th scope="col" class="wide">Epoch losses</th><th scope="col">Best validation</th><th scope="col" class="wide">Speed</th>
        <th scope="col" class="wide">Trainers</th><th scope="col" class="wide">Submitted</th>
        """);

    /// <summary>The page.</summary>
    /// <param name="runs">The runs, newest first.</param>
    public static HtmlPage Of(IReadOnlyList<RunInfo> runs) => new("Runs", Html.Of($"""
        <h1>Runs</h1>
        {Words.Live("runs", List(runs))}
        """))
    {
        Place = "/",
    };

    private static IHtmlContent List(IReadOnlyList<RunInfo> runs)
    {
        var waiting = runs.Where(run => run is { Status.State: RunState.Queued, IsLost: false })
            .OrderBy(run => run.Status.QueuePosition).ToList();
        return Html.Of($"""
            {Html.If(runs.Count == 0, () => $"""<p class="card">No run has been submitted yet. <code>tbptt train SPEC</code> trains one.</p>""")}
            {Html.If(waiting.Count > 0, () => $"""<section class="card"><h2>Queue</h2><ol>{Html.Each(waiting, Waiting)}</ol></section>""")}
            {Html.If(runs.Count > 0, () => $"""<section class="card">{Words.Table("Runs, newest first", Head, Html.Each(runs, Row))}{Comparison(runs)}</section>""")}
            """);
    }

    private static FormattableString Row(RunInfo run)
    {
        var status = run.Status;
        return $"""
            <tr><th scope="row" class="id"><a href="/runs/{status.Id}">{status.Id}</a></th>
            <td>{Words.Badge(run)}</td>
            <td class="wide">{status.Epoch}/{status.Epochs}</td>
            <td class="figure">{Words.Figure(status.LastEpochLoss)}</td>
            <td class="wide">{Sparkline.Of(status.EpochLosses, "epoch losses", logarithmic: true)}</td>
            <td class="figure">{Words.Figure(status.BestValidationLoss)}</td>
            <td class="wide figure">{(status.State == RunState.Running && !run.IsLost ? $"{Text.Rate(status.StepsPerSecond)} steps/s" : "–")}</td>
            <td class="wide figure">{(status.Trainers.Count == 0 ? "–" : $"{status.Trainers.Count}")}</td>
            <td class="wide">{Words.Time(status.SubmittedAt)}</td></tr>

            """;
    }

    private static FormattableString Waiting(RunInfo run) =>
        $"""<li><a href="/runs/{run.Status.Id}">{run.Status.Id}</a>: {Outcome.Queue(run.Status.QueuePosition)}{(run.Status.Message.Length > 0 ? $", {run.Status.Message}" : "")}</li>""";

    /// <summary>A link that compares the two newest runs.</summary>
    private static IHtmlContent Comparison(IReadOnlyList<RunInfo> runs) => Html.If(runs.Count > 1, () =>
        $"""<p><a href="/compare?a={runs[0].Status.Id}&amp;b={runs[1].Status.Id}">Compare the two newest</a></p>""");
}
