using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Web.Access;

namespace Orleans.Tbptt.Silo.Web;

/// <summary>The web server in a silo's host. It starts after the silo has joined its cluster, and ends before the silo leaves.</summary>
internal static class WebHost
{
    /// <summary>The maximum request size: only forms and small JSON documents are sent.</summary>
    private const int MaxRequestBytes = 64 * 1024;

    /// <summary>
    /// What the system buffers for each connection; by itself it takes megabytes for a watcher that does not read, and the silo has to fill
    /// them.
    /// </summary>
    private const int SendBufferBytes = 64 * 1024;

    /// <summary>A builder of a host with a web server and nothing else: no default configuration, logging or lifetime.</summary>
    public static WebApplicationBuilder CreateBuilder(SiloSettings settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Limits.MaxRequestBodySize = MaxRequestBytes;
            server.Listen(settings.Web.Endpoint, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
        builder.Services.Configure<SocketTransportOptions>(sockets =>
        {
            // A request is read, answered and sent on the thread of the pool that its socket's event came to, instead of three: a thread
            // that wakes costs more than all else of a request.
            sockets.UnsafePreferInlineScheduling = true;
            sockets.CreateBoundListenSocket = endpoint =>
            {
                var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
                socket.SendBufferSize = SendBufferBytes; // Connections inherit it.
                return socket;
            };
        });
        builder.Services.AddSingleton(settings);
        builder.Services.AddRouting();
        builder.Services.AddWebAccess(settings.Web);
        SiloEndpoints.AddServices(builder.Services);
        return builder;
    }

    /// <summary>
    /// Has the server listen at once and builds the request pipeline when the first request arrives, because most runs are short and
    /// nobody opens their page: training must not wait for endpoints that nobody uses.
    /// </summary>
    public static void Configure(WebApplication web) => Configure(web, SiloEndpoints.Map);

    /// <param name="web">The server.</param>
    /// <param name="map">Maps the endpoints; called at most once.</param>
    /// <inheritdoc cref="Configure(WebApplication)"/>
    internal static void Configure(WebApplication web, Action<IEndpointRouteBuilder> map)
    {
        // Unless these are set, ASP.NET Core adds both middlewares in front, where they would refuse requests that an endpoint allows.
        var properties = ((IApplicationBuilder)web).Properties;
        (properties["__AuthenticationMiddlewareSet"], properties["__AuthorizationMiddlewareSet"]) = (true, true);
        // Built at most once, and a failure is kept for all later requests: a second build would add its endpoints to the same list, and
        // every request would then fit two of them.
        var pipeline = new Lazy<RequestDelegate>(() => Build(web, map));
        web.Run(context => pipeline.Value(context));
    }

    /// <summary>Builds the request pipeline, and maps the pages.</summary>
    private static RequestDelegate Build(IApplicationBuilder host, Action<IEndpointRouteBuilder> map)
    {
        var web = host.New();
        web.UseSecurityHeaders();
        web.UseExceptionHandler(failed => failed.Run(ErrorResponses.AnswerExceptionAsync));
        web.UseStatusCodePages(ErrorResponses.AnswerStatusAsync);
        web.UseHostFiltering();
        web.UseAssets();
        web.UseWebSockets();
        web.UseRouting();
        web.UseWebAccess();
        web.UseEndpoints(map);
        return web.Build();
    }
}
