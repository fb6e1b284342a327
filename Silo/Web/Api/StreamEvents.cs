using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Feed;
using FromServicesAttribute = Microsoft.AspNetCore.Mvc.FromServicesAttribute;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>The answers to a stream's rows as server-sent events, for clients that watch a stream to which others send rows.</summary>
internal static class StreamEvents
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Opens the events.</summary>
    public static async Task<IResult> OpenAsync(
        HttpContext context, string name, string stream, [FromServices] StreamService streams, Watchers watchers,
        IHostApplicationLifetime lifetime, TimeProvider time)
    {
        if (StreamEndpoints.KeyOf(name, stream, out var refusal) is not { } key)
            return refusal!;
        try
        {
            await streams.ColumnsAsync(key.Model);
        }
        catch (ModelNotServedException exception)
        {
            return TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status404NotFound);
        }

        var frames = ReadAsync(
            streams[key], EventStream.After(context.Request), time, lifetime.ApplicationStopping, context.RequestAborted);
        return new EventFrames(watchers.Watch(frames, context));
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        IStreamGrain stream, long after, TimeProvider time, CancellationToken stopping, [EnumeratorCancellation] CancellationToken gone)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, gone);
        while (!end.IsCancellationRequested)
        {
            var page = await NextAsync(stream, after, time, end.Token);
            if (page is null)
                continue;
            if (page.Forecasts.Count > 0)
                yield return Frame(page);
            after = page.Last;
        }
    }

    /// <summary>What comes next; null where the stream's silo does not answer.</summary>
    private static async Task<StreamPage?> NextAsync(IStreamGrain stream, long after, TimeProvider time, CancellationToken end)
    {
        try
        {
            return await stream.Read(after).WaitAsync(end);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or StreamUnavailableException)
        {
            await Task.Delay(Pause, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return null;
        }
    }

    private static ReadOnlyMemory<byte> Frame(StreamPage page)
    {
        var frame = new ArrayBufferWriter<byte>();
        for (int i = 0; i < page.Forecasts.Count; i++)
        {
            long number = page.First + i;
            frame.Write("data: "u8);
            frame.Write(ForecastsWriter.Write(new(number, [page.Forecasts[i]])).Span);
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\nid: {number}\n\n"), frame);
        }

        return frame.WrittenMemory;
    }
}
