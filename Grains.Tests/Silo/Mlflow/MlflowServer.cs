using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Orleans.Tbptt.Tests.Silo.Mlflow;

/// <summary>The stand-in on the loopback; it may begin with answers of a server that has too much to do.</summary>
internal sealed class MlflowServer : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly Lock _gate = new();
    private readonly Queue<HttpStatusCode> _first;
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private MlflowServer(string experiment, IEnumerable<HttpStatusCode> first)
    {
        (Mlflow, _first) = (new(experiment), new(first));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.Run(AnswerAsync);
    }

    /// <summary>What it knows.</summary>
    public StandInMlflow Mlflow { get; }

    /// <summary>Calls so far.</summary>
    public int Calls { get; private set; }

    /// <summary>The headers of authorization that came.</summary>
    public HashSet<string> Authorizations { get; } = [];

    /// <summary>Its address.</summary>
    public string Address => _server.Urls.Single();

    /// <summary>Starts one.</summary>
    public static async Task<MlflowServer> StartAsync(string experiment, params HttpStatusCode[] first)
    {
        var server = new MlflowServer(experiment, first);
        await server._server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Waits until something holds behind a call.</summary>
    public async Task WaitForAsync(Func<bool> holds, CancellationToken cancellation)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                if (holds())
                    return;
                more = _more.Task;
            }

            await more.WaitAsync(cancellation);
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync(context.RequestAborted);
        HttpStatusCode status;
        string text;
        lock (_gate)
        {
            Calls++;
            Authorizations.Add(context.Request.Headers.Authorization.ToString());
            (status, text) = _first.TryDequeue(out var first) ? (first, "<html>")
                : Mlflow.Answer(context.Request.Method, context.Request.Path, context.Request.QueryString.Value ?? "", body);
            _more.SetResult();
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        context.Response.StatusCode = (int)status;
        await context.Response.WriteAsync(text, context.RequestAborted);
    }
}
