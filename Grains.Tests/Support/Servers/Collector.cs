using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>An OpenTelemetry collector on the loopback, for OTLP over HTTP: it takes everything and keeps it.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly Lock _lock = new();
    private readonly List<(string Signal, byte[] Body)> _taken = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Collector()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.MapPost("/v1/{signal}", TakeAsync);
    }

    /// <summary>Where to send to.</summary>
    public string Address => _server.Urls.Single();

    /// <summary>Starts one.</summary>
    public static async Task<Collector> StartAsync()
    {
        var collector = new Collector();
        await collector._server.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    /// <summary>Waits for a message of a signal (traces, metrics, logs) in which some bytes occur, and gives it.</summary>
    public async Task<byte[]> WaitForAsync(string signal, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_taken.FirstOrDefault(one => one.Signal == signal && one.Body.AsSpan().IndexOf(bytes.Span) >= 0).Body is { } found)
                    return found;
                more = _more.Task;
            }

            await more.WaitAsync(cancellation);
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task TakeAsync(HttpContext context, string signal)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        lock (_lock)
        {
            _taken.Add((signal, body.ToArray()));
            _more.SetResult();
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
