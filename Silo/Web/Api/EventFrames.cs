using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>
/// Sends server-sent events that are bytes already, which watchers can share. Of a frame no more than a slice lies in a connection's
/// buffers, however slowly its watcher reads.
/// </summary>
/// <param name="frames">Events with the empty line behind each.</param>
internal sealed class EventFrames(IAsyncEnumerable<ReadOnlyMemory<byte>> frames) : IResult
{
    private const int Slice = 1 << 15;

    /// <summary>Begins a response of events, and sends its head.</summary>
    public static async Task BeginAsync(HttpResponse response, CancellationToken gone)
    {
        (response.ContentType, response.Headers.CacheControl) = ("text/event-stream", "no-cache,no-store");
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.StartAsync(gone);
        await response.BodyWriter.FlushAsync(gone);
    }

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (writer, gone) = (httpContext.Response.BodyWriter, httpContext.RequestAborted);
        await BeginAsync(httpContext.Response, gone);
        try
        {
            await foreach (var frame in frames.WithCancellation(gone))
            {
                for (int at = 0; at < frame.Length; at += Slice)
                    await writer.WriteAsync(frame.Slice(at, Math.Min(Slice, frame.Length - at)), gone);
            }
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // The watcher has left, or was dropped.
        }
    }
}
