using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Pages.Compare;
using Orleans.Tbptt.Silo.Web.Pages.Run;

namespace Orleans.Tbptt.Silo.Web.Pages;

/// <summary>The pages and their forms.</summary>
internal static class PageEndpoints
{
    /// <summary>Maps them.</summary>
    public static void MapPages(this IEndpointRouteBuilder endpoints)
    {
        var pages = endpoints.MapGroup("").ExcludeFromDescription();
        pages.MapGet("/", async (RunCatalog catalog) => RunsPage.Of(await catalog.ListAsync()));
        pages.MapGet("/cluster", async (RunCatalog catalog) => ClusterPage.Of(await catalog.DescribeAsync()));
        pages.MapGet("/compare", CompareAsync);
        pages.MapGet("/runs/{id}", RunAsync);
        pages.MapGet("/runs/{id}/live", LiveStream.OpenAsync);
        pages.MapPost("/runs/{id}/pause", async (string id, RunControls runs) => Answer(await runs.PauseAsync(id, null), id));
        pages.MapPost("/runs/{id}/resume", async (string id, RunControls runs) => Answer(await runs.ResumeAsync(id, null), id));
        pages.MapPost("/runs/{id}/stop", async (string id, RunControls runs) => Answer(await runs.StopAsync(id, null), id));
    }

    private static async Task<HtmlPage> RunAsync(string id, RunFeeds feeds, WebToken token)
    {
        var feed = await feeds.FollowAsync(id);
        string? spec = RunFeeds.ReadSpecText(feeds.DirectoryOf(id));
        return feed.Read(run => RunPage.Of(run, spec, token).Frozen());
    }

    private static async Task<HtmlPage> CompareAsync(string? a, string? b, RunCatalog catalog, RunFeeds feeds)
    {
        var runs = await catalog.ListAsync();
        var (first, second) =
            (runs.FirstOrDefault(run => run.Status.Id == a)?.Status, runs.FirstOrDefault(run => run.Status.Id == b)?.Status);
        var differences = first is null || second is null ? [] : SpecDifference.Between(Spec(first.Id), Spec(second.Id));
        return ComparePage.Of(runs, first, second, differences);

        string Spec(string id) => RunFeeds.ReadSpecText(feeds.DirectoryOf(id)) ?? "";
    }

    private static IResult Answer(ControlOutcome outcome, string id) => outcome.Problem.Length > 0
        ? ErrorPage.Of(StatusCodes.Status409Conflict, "The run refuses", outcome.Problem)
        : new SeeOther($"/runs/{id}");
}
