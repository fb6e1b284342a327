using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Explaining;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Specs.Comparing;
using Orleans.Tbptt.Training.Explaining;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>The API for programs.</summary>
internal static class ApiEndpoints
{
    /// <summary>Maps the endpoints.</summary>
    public static void MapApi(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapOpenApi("/api/openapi.json");
        var api = endpoints.MapGroup("/api").ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        api.MapGet("/cluster", (RunCatalog catalog) => catalog.DescribeAsync()).WithSummary("The cluster's silos");
        api.MapGet("/cluster/load", (RunCatalog catalog) => catalog.LoadsAsync())
            .WithSummary("What each silo has used over time; null where unknown");
        api.MapClusterCharts();
        api.MapGet("/runs", async (RunCatalog catalog) => (await catalog.ListAsync()).Select(ApiRun.Of))
            .WithSummary("All runs, newest first");
        api.MapComparedCharts();
        api.MapModels();
        api.MapStreams();
        api.MapGet("/compare", Compare).WithSummary("The differences between the specs of two runs")
            .ProducesProblem(StatusCodes.Status404NotFound);

        var run = api.MapGroup("/runs/{id}").ProducesProblem(StatusCodes.Status404NotFound);
        run.MapGet("", async (string id, RunFeeds feeds) => ApiRun.Of((await feeds.FollowAsync(id)).Read(one => one.Info)))
            .WithSummary("A run's status");
        run.MapGet("/spec", Spec).WithSummary("A run's spec, every size filled in").Produces<string>(contentType: "application/yaml");
        run.MapGet("/steps", async (string id, RunFeeds feeds) => (await feeds.FollowAsync(id)).Read(one => StepColumns.Of(one.History)))
            .WithSummary("A run's steps, in at most 1,024 buckets, and its epochs");
        run.MapGet("/steps/{step:long}/explanation", ExplainAsync)
            .WithSummary("What is behind a step: its lanes with their shares of the gradient, and the rows that they were trained on")
            .WithMetadata(CostlyRead.Mark).ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        run.MapCharts();
        run.MapGet("/strip", async (string id, RunFeeds feeds) => (await feeds.FollowAsync(id)).Read(Strip))
            .WithSummary("The sampled activity of a run's trainers");
        run.MapGet("/events", EventStream.OpenAsync)
            .WithSummary(
                "A run's events as server-sent events, each a line of metrics.jsonl with its number; Last-Event-ID continues " +
                "after a number")
            .Produces<string>(contentType: "text/event-stream");

        run.MapGet("/notes", (string id, NoteKeeper notes) => notes.Read(id)).WithSummary("A run's tags and notes");
        run.MapPost("/notes", Annotate).WithSummary("Writes a run's tags and notes; what is left out stays as it is")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status409Conflict);

        var control = run.MapGroup("").ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status409Conflict);
        control.MapPost("/pause", async (string id, RunControls runs, RunFeeds feeds, TimeProvider time, ControlRequest? request) =>
            Answer(await runs.PauseAsync(id, request?.Reason), id, feeds, time))
            .WithSummary("Pauses a run after the step in flight");
        control.MapPost("/resume", async (string id, RunControls runs, RunFeeds feeds, TimeProvider time, ResumeOptions? options) =>
            Answer(await runs.ResumeAsync(id, options), id, feeds, time))
            .WithSummary("Resumes a run from its newest checkpoint");
        control.MapPost("/resize", async (string id, RunControls runs, RunFeeds feeds, TimeProvider time, ResizeOptions options) =>
            Answer(await runs.ResizeAsync(id, options), id, feeds, time))
            .WithSummary("Divides a run's shards among another number of trainers between two steps");
        control.MapPost("/audit", Audit).WithSummary("Has the next step computed again on another silo, and compared");
        control.MapPost("/stop", async (string id, RunControls runs, RunFeeds feeds, TimeProvider time, ControlRequest? request) =>
            Answer(await runs.StopAsync(id, request?.Reason), id, feeds, time))
            .WithSummary("Stops a run after the step in flight");
    }

    private static Results<Ok<ApiRun>, Accepted,
    ProblemHttpResult> Answer(ControlOutcome outcome, string id, RunFeeds feeds, TimeProvider time) => outcome switch
    {
        { Problem.Length: > 0 } => Refuse(outcome.Problem),
        { Status: { } status } => TypedResults.Ok(ApiRun.Of(new RunInfo(feeds.DirectoryOf(id), status, time.GetUtcNow()))),
        _ => TypedResults.Accepted($"/api/runs/{id}"),
    };

    private static async Task<Results<Ok<JsonObject>, ProblemHttpResult>> ExplainAsync(
        string id, long step, StepExplanations steps, CancellationToken gone)
    {
        var answer = await steps.ExplainAsync(id, step, gone);
        return answer is { Step: { } found, Spec: { } spec } ? TypedResults.Ok(ExplanationJson.Of(RunId.Parse(id), spec, found))
            : TypedResults.Problem(answer.Problem, statusCode: answer.Status, title: "The step is not explained here");
    }

    private static async Task<Results<Ok<AuditedStep>, Accepted, ProblemHttpResult>> Audit(string id, RunControls runs) =>
        await runs.AuditAsync(id) switch
        {
            { Problem.Length: > 0 } refused => Refuse(refused.Problem),
            { Audited: { } audited } => TypedResults.Ok(audited),
            _ => TypedResults.Accepted($"/api/runs/{id}"),
        };

    private static ProblemHttpResult Refuse(string problem) =>
        TypedResults.Problem(problem, statusCode: StatusCodes.Status409Conflict, title: "The run refuses");

    private static Results<Ok<RunNotes>, ProblemHttpResult> Annotate(string id, NotesRequest request, NoteKeeper notes) =>
        notes.Write(id, request) is { Problem.Length: > 0 } refused
            ? TypedResults.Problem(refused.Problem, statusCode: refused.Status)
            : TypedResults.Ok(notes.Read(id));

    private static Results<ContentHttpResult, ProblemHttpResult> Spec(string id, RunFeeds feeds) =>
        RunFeeds.ReadSpecText(feeds.DirectoryOf(id)) is { } text
        ? TypedResults.Text(text, "application/yaml")
        : TypedResults.Problem($"{feeds.DirectoryOf(id).Spec} does not exist, or this silo cannot read it",
            statusCode: StatusCodes.Status404NotFound);

    private static ApiStrip Strip(RunSnapshot run) => new(
        run.Strip.Begin, run.Strip.Width.TotalSeconds, [.. run.Strip.Silos],
        run.Strip.Columns.ToDictionary(column => column.Key, column => column.Value.Select(cell => cell.Copy()).ToArray()));

    private static Results<Ok<Comparison>, ProblemHttpResult> Compare(string a, string b, RunFeeds feeds)
    {
        string? first = RunFeeds.ReadSpecText(feeds.DirectoryOf(a)), second = RunFeeds.ReadSpecText(feeds.DirectoryOf(b));
        return first is null || second is null
            ? TypedResults.Problem($"the spec of {(first is null ? a : b)} cannot be read", statusCode: StatusCodes.Status404NotFound)
            : TypedResults.Ok(new Comparison(a, b, SpecDifference.Between(first, second)));
    }
}
