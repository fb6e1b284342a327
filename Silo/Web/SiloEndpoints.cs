using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Dashboard;
using Orleans.Tbptt.Silo.Telemetry;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Health;
using Orleans.Tbptt.Silo.Web.Pages;

namespace Orleans.Tbptt.Silo.Web;

/// <summary>
/// Everything that a silo serves over HTTP. What is mapped here is behind the token, where there is one, unless it says <c>AllowAnonymous</c>.
/// </summary>
internal static class SiloEndpoints
{
    /// <summary>Where the dashboard of Orleans is.</summary>
    public const string DashboardPath = "/orleans";

    /// <summary>Adds what the endpoints need.</summary>
    public static void AddServices(IServiceCollection services)
    {
        services.AddSiloHealth();
        services.AddProblemDetails();
        services.AddSingleton<RunFeeds>();
        services.AddHostedService(provider => provider.GetRequiredService<RunFeeds>());
        services.AddSingleton<RunCatalog>();
        services.AddSingleton<RunControls>();
        services.AddApi();
    }

    /// <summary>Maps the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapSiloHealth();
        endpoints.MapLogin();
        endpoints.MapPages();
        endpoints.MapApi();
        endpoints.MapMetrics();
        endpoints.MapOrleansDashboard(DashboardPath);
    }
}
