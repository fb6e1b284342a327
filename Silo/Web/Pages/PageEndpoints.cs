using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Comparing;
using Orleans.Tbptt.Silo.Web.Explaining;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Pages.Compare;
using Orleans.Tbptt.Silo.Web.Pages.Models;
using Orleans.Tbptt.Silo.Web.Pages.Run;
using Orleans.Tbptt.Silo.Web.Pages.Runs;
using Orleans.Tbptt.Silo.Web.Pages.Sweeps;

namespace Orleans.Tbptt.Silo.Web.Pages;

/// <summary>The pages and their forms.</summary>
internal static class PageEndpoints
{
    /// <summary>Maps them.</summary>
    public static void MapPages(this IEndpointRouteBuilder endpoints)
    {
        var pages = endpoints.MapGroup("").ExcludeFromDescription();
        pages.MapGet("/", ListAsync);
        pages.MapGet("/cluster", async (RunCatalog catalog) =>
            ClusterPage.Of(await catalog.DescribeAsync(), await catalog.LoadsAsync(), await catalog.CountGrainsAsync()));
        pages.MapGet("/compare", CompareAsync);
        pages.MapModelPages();
        pages.MapGet("/sweeps", async (IGrainFactory grains) =>
            SweepsPage.Of(await grains.GetGrain<ISweepCatalogGrain>(0).List()));
        pages.MapGet("/sweeps/{id}", async (string id, IGrainFactory grains) =>
            SweepPage.Of(await grains.GetGrain<ISweepGrain>(id).GetStatus()));
        pages.MapGet("/runs/{id}", RunAsync);
        pages.MapGet("/runs/{id}/live", LiveStream.OpenAsync);
        pages.MapGet("/runs/{id}/steps/{step:long}", ExplainAsync).WithMetadata(CostlyRead.Mark);
        pages.MapPost("/runs/{id}/notes", AnnotateAsync);
        pages.MapPost("/runs/{id}/pause", async (string id, RunControls runs) => Answer(await runs.PauseAsync(id, null), id));
        pages.MapPost("/runs/{id}/resume", async (string id, RunControls runs) => Answer(await runs.ResumeAsync(id, null), id));
        pages.MapPost("/runs/{id}/stop", async (string id, RunControls runs) => Answer(await runs.StopAsync(id, null), id));
    }

    private static async Task<HtmlPage> RunAsync(string id, HttpRequest request, RunFeeds feeds, WebToken token)
    {
        var view = ChartView.Of(request.Query);
        var feed = await feeds.FollowAsync(id, request.HttpContext.RequestAborted);
        string? spec = RunFeeds.ReadSpecText(feeds.DirectoryOf(id));
        return feed.Read(run => RunPage.Of(run, spec, token, view, Link.Of(request)).Frozen());
    }

    private static async Task<HtmlPage> ExplainAsync(string id, long step, StepExplanations steps, CancellationToken gone)
    {
        var answer = await steps.ExplainAsync(id, step, gone);
        return answer is { Step: { } found, Spec: { } spec } ? StepPage.Of(id, spec, found)
            : ErrorPage.Of(answer.Status, "The step is not explained here", answer.Problem);
    }

    private static async Task<HtmlPage> ListAsync(HttpRequest request, RunIndex index) =>
        RunsPage.Of(await index.ListAsync(), index.Problems, RunQuery.Of(request.Query), Link.Of(request));

    private static async Task<HtmlPage> CompareAsync(HttpRequest request, Comparisons comparisons) =>
        ComparePage.Of(await comparisons.OfAsync(request), await comparisons.RunsAsync(), Link.Of(request));

    private static async Task<IResult> AnnotateAsync(string id, HttpRequest request, NoteKeeper notes)
    {
        var form = await Forms.ReadAsync(request);
        int? revision = int.TryParse(form["revision"], NumberStyles.None, CultureInfo.InvariantCulture, out int read) ? read : null;
        var outcome = notes.Write(id, new(RunNotes.Split(form["tags"].ToString()), form["text"].ToString(), revision));
        return outcome.Problem.Length == 0 ? new SeeOther($"/runs/{id}")
            : ErrorPage.Of(outcome.Status, "The notes were not saved", outcome.Problem);
    }

    private static IResult Answer(ControlOutcome outcome, string id) => outcome.Problem.Length > 0
        ? ErrorPage.Of(StatusCodes.Status409Conflict, "The run refuses", outcome.Problem)
        : new SeeOther($"/runs/{id}");
}
