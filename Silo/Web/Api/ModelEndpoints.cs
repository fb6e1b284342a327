using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Models;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>The API of trained models.</summary>
internal static class ModelEndpoints
{
    /// <summary>The largest body of a request for forecasts: the rows, and what a form adds to them.</summary>
    public const int MostBody = ForecastRows.MostBytes + (64 << 10);

    /// <summary>Seconds until another try where too many forecasts wait.</summary>
    private const string RetrySeconds = "5";

    private const string Csv = "text/csv", Json = "application/json";
    private static readonly string[] JsonLines = ["application/x-ndjson", "application/jsonl"];

    /// <summary>Maps the endpoints.</summary>
    public static void MapModels(this IEndpointRouteBuilder api)
    {
        api.MapGet("/models", async (ModelIndex models) => (await models.ListAsync()).Select(ApiModel.Of))
            .WithSummary("The model packages of the run store, newest first");
        var model = api.MapGroup("/models/{name}").ProducesProblem(StatusCodes.Status404NotFound);
        model.MapGet("", async (string name, ModelIndex models) => ApiModel.Of(await models.FindAsync(name)))
            .WithSummary("A model package");
        model.MapGet("/files/{file}", Download).WithSummary("A file of a model package")
            .Produces<string>(contentType: "application/octet-stream");
        model.MapGet("/charts/forecast.svg", (string name, HttpRequest request, ModelIndex models, ModelPlots plots) =>
                DrawAsync(name, request, models, plots, ChartEndpoints.Svg, ChartSvg.File))
            .WithSummary("The last rows of the data and the model's forecasts of them as SVG. Query: series, target")
            .Produces<string>(contentType: "image/svg+xml");
        model.MapGet("/charts/forecast.csv", (string name, HttpRequest request, ModelIndex models, ModelPlots plots) =>
                DrawAsync(name, request, models, plots, ChartEndpoints.Csv, ChartCsv.Of))
            .WithSummary("The data of the chart of forecasts as CSV, with the same query as the SVG")
            .Produces<string>(contentType: Csv);
        model.MapPost("/predict", PredictAsync)
            .WithMetadata(new BodyLimit(MostBody))
            .WithSummary(
                "Forecasts from rows: CSV, a JSON object a line, or { \"rows\": [ … ], \"fromState\": \"zero\" } with an object for each "
                + "row. Query: fromState (zero, end). Accept: application/json or text/csv")
            .Accepts<ForecastRequest>(Json, [Csv, .. JsonLines])
            .Produces<ApiForecast>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    /// <summary>What a plot is of.</summary>
    public static PlotChoice ChoiceOf(IQueryCollection query) => new(Given(query, "series"), Given(query, "target"));

    /// <summary>The state of a word; null where it is none.</summary>
    public static ForecastBegin? BeginOf(string? word) => word switch
    {
        null or "" or "zero" => ForecastBegin.Zero,
        "end" => ForecastBegin.End,
        _ => null,
    };

    /// <summary>Forecasts as a file in CSV.</summary>
    public static IResult CsvOf(ModelForecast forecast) =>
        Results.File(System.Text.Encoding.UTF8.GetBytes(ForecastCsv.Of(forecast)), ChartEndpoints.Csv, $"{forecast.Model}-forecasts.csv");

    private static async Task<IResult> Download(string name, string file, ModelIndex models)
    {
        var model = await models.FindAsync(name);
        return model.Files.Any(one => one.Name == file)
            ? Results.File(model.PathOf(file), TypeOf(file), file, enableRangeProcessing: true)
            : TypedResults.Problem(
                $"file: found '{file}', expected one of the package: {string.Join(", ", model.Files.Select(one => one.Name))}",
                statusCode: StatusCodes.Status404NotFound);
    }

    private static string TypeOf(string file) => file switch
    {
        ModelPackage.ConfigFile => Json,
        ModelPackage.CardFile => "text/markdown; charset=utf-8",
        _ => "application/octet-stream",
    };

    private static async Task<IResult> DrawAsync(
        string name, HttpRequest request, ModelIndex models, ModelPlots plots, string type, Func<Chart, string> write)
    {
        var plot = await plots.OfAsync(await models.FindAsync(name), ChoiceOf(request.Query), request.HttpContext.RequestAborted);
        return plot.Problem.Length == 0 ? ChartEndpoints.File(plot.Chart(name), name, type, write)
            : TypedResults.Problem(plot.Problem, statusCode: plot.IsPending ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> PredictAsync(string name, HttpRequest request, ModelIndex models, ModelForecasts forecasts)
    {
        var model = await models.FindAsync(name);
        string? fromState = Given(request.Query, "fromState");
        ForecastRows rows;
        try
        {
            string type = MediaTypeHeaderValue.TryParse(request.ContentType, out var media) ? media.MediaType.ToString() : "";
            if (type == Json)
            {
                using var body = await JsonDocument.ParseAsync(request.Body, default, request.HttpContext.RequestAborted);
                if (body.RootElement.ValueKind != JsonValueKind.Object)
                    throw new JsonException("found no object, expected one with the key rows");
                rows = ForecastRows.OfArray(body.RootElement.TryGetProperty("rows", out var array) ? array : default);
                fromState = body.RootElement.TryGetProperty("fromState", out var state) ? state.ToString() : fromState;
            }
            else if (type == Csv || JsonLines.Contains(type))
            {
                using var body = new MemoryStream();
                await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
                rows = new(body.ToArray(), IsJson: type != Csv);
            }
            else
            {
                return TypedResults.Problem(
                    $"Content-Type: found '{request.ContentType}', expected {Csv}, {string.Join(", ", JsonLines)} or {Json}",
                    statusCode: StatusCodes.Status415UnsupportedMediaType);
            }
        }
        catch (InvalidOperationException)
        {
            // Such as half of a surrogate pair: the parser accepts it, and cannot give it as a text.
            return Refused(request, ["found a text that is no UTF-8, expected UTF-8"], StatusCodes.Status400BadRequest);
        }
        catch (JsonException exception)
        {
            return Refused(request, [Text.OneLine(exception.Message)], StatusCodes.Status400BadRequest);
        }

        if (BeginOf(fromState) is not { } begin)
            return Refused(request, [$"fromState: found '{fromState}', expected zero or end"], StatusCodes.Status400BadRequest);
        var outcome = await forecasts.ForecastAsync(model, rows, begin, request.HttpContext.RequestAborted);
        if (outcome.Forecast is not { } forecast)
            return Refused(request, outcome.Problems, outcome.Status);
        return request.Headers.Accept.ToString().Contains(Csv, StringComparison.OrdinalIgnoreCase) ? CsvOf(forecast)
            : TypedResults.Ok(ApiForecast.Of(forecast));
    }

    private static ProblemHttpResult Refused(HttpRequest request, IReadOnlyList<string> problems, int status)
    {
        if (status == StatusCodes.Status503ServiceUnavailable)
            request.HttpContext.Response.Headers.RetryAfter = RetrySeconds;
        return TypedResults.Problem(
            string.Join('\n', problems), statusCode: status, extensions: new Dictionary<string, object?> { ["problems"] = problems });
    }

    private static string? Given(IQueryCollection query, string key) =>
        query[key].LastOrDefault() is { Length: > 0 } value ? value : null;
}

/// <summary>A request for forecasts as JSON.</summary>
/// <param name="Rows">An object for each row, with a value for each column.</param>
/// <param name="FromState">The hidden state before the first row: <c>zero</c>, the default, or <c>end</c>.</param>
internal sealed record ForecastRequest(IReadOnlyList<IReadOnlyDictionary<string, JsonElement>> Rows, string? FromState = null);
