using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Feed;
using FromServicesAttribute = Microsoft.AspNetCore.Mvc.FromServicesAttribute;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>A refusal over a WebSocket: what would be the problem details of a request.</summary>
/// <param name="Status">The status of the answer to a request.</param>
/// <param name="Detail">What was found and what was expected.</param>
/// <param name="Next">The number of the next row; null where it is not known.</param>
internal sealed record ApiRefusal(int Status, string? Detail, long? Next);

/// <summary>Rows and answers of a stream over a WebSocket: one message for each request, and one for its answer.</summary>
internal sealed class StreamSocket(StreamKey key, StreamService streams, JsonSerializerOptions json, CancellationToken stopping) : IResult
{
    /// <summary>Opens a socket.</summary>
    public static async Task<IResult> OpenAsync(
        HttpContext context, string name, string stream, [FromServices] StreamService streams, IHostApplicationLifetime lifetime,
        IOptions<JsonOptions> json)
    {
        if (StreamEndpoints.KeyOf(name, stream, out var refusal) is not { } key)
            return refusal!;
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return TypedResults.Problem(
                "found a request without an upgrade, expected a WebSocket; POST needs none", statusCode: StatusCodes.Status400BadRequest);
        }

        // A browser opens sockets for any site, with the cookies of this one.
        if (!SameSite.IsOfThisSite(context.Request))
        {
            return TypedResults.Problem(
                "found a request from another site, expected one of a page of this silo, or of a program",
                statusCode: StatusCodes.Status403Forbidden, title: "Cross-site request refused");
        }

        try
        {
            await streams.ColumnsAsync(key.Model);
        }
        catch (ModelNotServedException exception)
        {
            return TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status404NotFound);
        }

        return new StreamSocket(key, streams, json.Value.SerializerOptions, lifetime.ApplicationStopping);
    }

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var socket = await httpContext.WebSockets.AcceptWebSocketAsync();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, httpContext.RequestAborted);
        try
        {
            while (await ReceiveAsync(socket, end.Token) is { } message)
            {
                var (forecasts, refusal) = await StreamEndpoints.AnswerAsync(key, streams, columns => new(Read(message, columns)));
                var answer = forecasts is not null ? ForecastsWriter.Write(forecasts)
                    : JsonSerializer.SerializeToUtf8Bytes(Refusal(refusal!), json);

                // A client that does not read is left, as one of an event stream.
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
                patience.CancelAfter(Watchers.Patience);
                await socket.SendAsync(answer, WebSocketMessageType.Text, endOfMessage: true, patience.Token);
            }

            if (socket.State == WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, end.Token);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            // The client has gone or does not read, or the silo ends: a receive that is cancelled leaves no socket to close.
        }
    }

    private static StreamRows Read(byte[] message, StreamColumns columns)
    {
        using var document = JsonDocument.Parse(message);
        return RowsReader.Read(document.RootElement, columns);
    }

    /// <summary>The next message; null where the client has closed the socket, or the message was too large.</summary>
    private static async Task<byte[]?> ReceiveAsync(WebSocket socket, CancellationToken end)
    {
        using var message = new MemoryStream();
        byte[] buffer = new byte[1 << 12];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), end);
            if (part.MessageType == WebSocketMessageType.Close)
                return null;
            message.Write(buffer, 0, part.Count);
            if (message.Length > StreamEndpoints.MostBody)
            {
                await CloseAsync(socket, WebSocketCloseStatus.MessageTooBig, $"expected at most {StreamEndpoints.MostBody} bytes");
                return null;
            }

            if (part.EndOfMessage)
                return message.ToArray();
        }
    }

    private static async Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, string reason)
    {
        try
        {
            await socket.CloseOutputAsync(status, reason, CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // The client has gone.
        }
    }

    private static ApiRefusal Refusal(ProblemHttpResult refusal) => new(
        refusal.StatusCode, refusal.ProblemDetails.Detail,
        refusal.ProblemDetails.Extensions.TryGetValue("next", out object? next) ? next as long? : null);
}
