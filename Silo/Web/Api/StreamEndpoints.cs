using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>The API of streams: rows in, forecasts out, the hidden state kept between them.</summary>
internal static class StreamEndpoints
{
    /// <summary>The largest request.</summary>
    public const int MostBody = 1 << 20;

    private const int MostListed = 1000;

    /// <summary>Seconds until another try where a silo has died.</summary>
    private const string RetrySeconds = "1";

    /// <summary>Maps the endpoints.</summary>
    public static void MapStreams(this IEndpointRouteBuilder api)
    {
        var service = new Lazy<StreamService>(api.ServiceProvider.GetRequiredService<StreamService>);
        var streams = api.MapGroup("/models/{name}/streams").ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        streams.MapGet("", ListAsync)
            .WithSummary(
                "The columns of a model's rows, and its streams by ID, each with its last row, when that was taken, when the stream "
                + "expires and the silo that has it. Query: q (a part of the ID), after (an ID), limit (1 to 1,000; default 100)")
            .ProducesProblem(StatusCodes.Status400BadRequest);
        streams.MapGet("/{stream}", DescribeAsync).WithSummary("A stream: the number of its last row, and the hidden state behind it");
        streams.MapPost(
            "/{stream}", (HttpContext context, string name, string stream) => PredictAsync(context, name, stream, service.Value))
            .WithMetadata(new BodyLimit(MostBody))
            .WithSummary(
                "Takes rows that follow the last one, and forecasts from each: { \"first\": 17, \"rows\": [ … ] }, first the number of "
                + "the first row, from 1, each row an object of cells by columns or a list of them. Rows that were taken before are "
                + "answered as then")
            .Accepts<StreamRequest>("application/json").Produces<ApiForecasts>()
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status410Gone)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge);
        streams.MapGet("/{stream}/events", StreamEvents.OpenAsync)
            .WithSummary(
                "The answers to a stream's rows as server-sent events, each with the number of its row, as they are taken; Last-Event-ID "
                + "continues after a number, as far as answers are kept")
            .Produces<string>(contentType: "text/event-stream");
        streams.MapGet("/{stream}/socket", StreamSocket.OpenAsync)
            .WithSummary(
                "A WebSocket: each message is the body of a POST, and is answered with what that would be answered with, in order; a "
                + "refusal is an object with status, detail and next")
            .Produces(StatusCodes.Status101SwitchingProtocols).ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        streams.MapDelete("/{stream}", DeleteAsync).WithSummary("Forgets a stream: its next row has number 1")
            .ProducesProblem(StatusCodes.Status403Forbidden);
    }

    /// <summary>Answers rows.</summary>
    /// <param name="key">The stream.</param>
    /// <param name="streams">The streams.</param>
    /// <param name="read">Reads the request.</param>
    /// <returns>The answer, or why there is none.</returns>
    public static async Task<(ApiForecasts? Forecasts, ProblemHttpResult? Refusal)> AnswerAsync(
        StreamKey key, StreamService streams, Func<StreamColumns, ValueTask<StreamRows>> read)
    {
        try
        {
            var columns = await streams.ColumnsAsync(key.Model);
            var rows = await read(columns);
            var reply = await streams.PredictAsync(key, rows);
            return reply.Outcome == StreamOutcome.Answered ? (new(rows.First, reply.Forecasts), null)
                : (null, TypedResults.Problem(
                    reply.Problem, statusCode: StatusOf(reply.Outcome), title: TitleOf(reply.Outcome),
                    extensions: reply.Next > 0 ? [new("next", reply.Next)] : null));
        }
        catch (ModelNotServedException exception)
        {
            return (null, Missing(exception.Message));
        }
        catch (JsonException exception)
        {
            return (null, TypedResults.Problem(
                exception.Message, statusCode: StatusCodes.Status400BadRequest, title: TitleOf(StreamOutcome.Refused)));
        }
        catch (StreamUnavailableException exception)
        {
            return (null, Unavailable(exception));
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            return (null, Lost());
        }
    }

    /// <summary>A stream by the names in a path.</summary>
    /// <returns>Null, with the answer, where they are no names.</returns>
    public static StreamKey? KeyOf(string name, string stream, out ProblemHttpResult? refusal)
    {
        refusal = !RunId.TryParse(name, out var model) ? Missing($"model: found '{name}', expected {RunId.Expected}")
            : !StreamKey.IsStream(stream) ? Missing($"stream: found '{stream}', expected {StreamKey.Expected}") : null;
        return refusal is null ? new(model, stream) : null;
    }

    /// <summary>Without results and services for each request: there are thousands a second.</summary>
    private static async Task PredictAsync(HttpContext context, string name, string stream, StreamService streams)
    {
        ProblemHttpResult? refusal;
        if (KeyOf(name, stream, out refusal) is { } key)
        {
            (var forecasts, refusal) = await AnswerAsync(key, streams, columns => ReadAsync(context.Request, columns));
            if (forecasts is not null)
            {
                var body = ForecastsWriter.Write(forecasts);
                context.Response.ContentType = "application/json; charset=utf-8";
                context.Response.ContentLength = body.Length;
                await context.Response.BodyWriter.WriteAsync(body);
                return;
            }
        }

        if (refusal!.StatusCode == StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = RetrySeconds;
        await refusal.ExecuteAsync(context);
    }

    /// <summary>Reads a body, without copying one that has come with its head.</summary>
    private static async ValueTask<StreamRows> ReadAsync(HttpRequest request, StreamColumns columns)
    {
        var body = request.BodyReader;
        var read = await body.ReadAsync(request.HttpContext.RequestAborted);
        if (read.IsCompleted)
        {
            try
            {
                using var document = JsonDocument.Parse(read.Buffer);
                return RowsReader.Read(document.RootElement, columns);
            }
            finally
            {
                body.AdvanceTo(read.Buffer.End);
            }
        }

        body.AdvanceTo(read.Buffer.Start);
        using var whole = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
        return RowsReader.Read(whole.RootElement, columns);
    }

    private static async Task<Results<Ok<ApiStreams>, ProblemHttpResult>> ListAsync(
        string name, [FromServices] StreamService streams, string? q = null, string? after = null, int limit = 100)
    {
        if (!RunId.TryParse(name, out var model))
            return Missing($"model: found '{name}', expected {RunId.Expected}");
        if (limit is < 1 or > MostListed)
        {
            return TypedResults.Problem(
                $"limit: found {limit}, expected 1 to {MostListed}", statusCode: StatusCodes.Status400BadRequest);
        }

        try
        {
            var columns = await streams.ColumnsAsync(model);
            var list = await streams.ListAsync(model, new(q ?? "", after ?? "", limit));
            return TypedResults.Ok(new ApiStreams(
                model, columns.Version, columns.Numbers, columns.Texts, columns.Targets, columns.Horizon, list.Count, list.Found,
                list.Streams));
        }
        catch (ModelNotServedException exception)
        {
            return Missing(exception.Message);
        }
        catch (StreamUnavailableException exception)
        {
            return Unavailable(exception);
        }
    }

    private static async Task<Results<Ok<ApiStream>, ProblemHttpResult>> DescribeAsync(
        string name, string stream, [FromServices] StreamService streams)
    {
        if (KeyOf(name, stream, out var refusal) is not { } key)
            return refusal!;
        StreamReport report;
        try
        {
            report = await streams[key].Describe();
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            return Lost();
        }

        return report.Last == 0 ? Missing(NoStream(key)) : TypedResults.Ok(new ApiStream(
            report.Model, report.Stream, report.Last, report.Last + 1, report.TakenAt!.Value, report.FirstKept, report.Version, report.Silo,
            [.. report.Hidden.Select(value => (double)value)]));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string name, string stream, [FromServices] StreamService streams)
    {
        if (KeyOf(name, stream, out var refusal) is not { } key)
            return refusal!;
        try
        {
            return await streams[key].Delete() ? TypedResults.NoContent() : Missing(NoStream(key));
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            return Lost();
        }
    }

    private static ProblemHttpResult Unavailable(StreamUnavailableException exception) =>
        TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status503ServiceUnavailable);

    private static ProblemHttpResult Lost() => TypedResults.Problem(
        "the stream's silo does not answer: it may have died, and another one takes its streams over within seconds, or its disk hangs; "
        + "send the request again, rows under the same numbers, whether they were taken or not",
        statusCode: StatusCodes.Status503ServiceUnavailable);

    private static string NoStream(StreamKey key) => $"found no stream {key.Stream} of {key.Model}; its first row has number 1";

    private static ProblemHttpResult Missing(string detail) =>
        TypedResults.Problem(detail, statusCode: StatusCodes.Status404NotFound);

    private static int StatusOf(StreamOutcome outcome) => outcome switch
    {
        StreamOutcome.Gap or StreamOutcome.Conflict => StatusCodes.Status409Conflict,
        StreamOutcome.Gone => StatusCodes.Status410Gone,
        StreamOutcome.NoModel => StatusCodes.Status404NotFound,
        _ => StatusCodes.Status400BadRequest,
    };

    private static string TitleOf(StreamOutcome outcome) => outcome switch
    {
        StreamOutcome.Gap => "The rows do not follow the last one",
        StreamOutcome.Conflict => "A row differs from the one that was answered",
        StreamOutcome.Gone => "The answer is not kept any more",
        StreamOutcome.NoModel => "There is no such model",
        _ => "The rows cannot be read",
    };
}
