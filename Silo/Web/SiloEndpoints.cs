using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Silo.Telemetry;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Comparing;
using Orleans.Tbptt.Silo.Web.Curves;
using Orleans.Tbptt.Silo.Web.Explaining;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Health;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Silo.Web.Models;
using Orleans.Tbptt.Silo.Web.Pages;

namespace Orleans.Tbptt.Silo.Web;

/// <summary>
/// All HTTP endpoints of a silo. They require the token, where there is one, unless marked <c>AllowAnonymous</c>.
/// </summary>
internal static class SiloEndpoints
{
    /// <summary>Adds the endpoints' services.</summary>
    public static void AddServices(IServiceCollection services)
    {
        services.AddSiloHealth();
        services.AddProblemDetails();
        services.AddSingleton<RunFeeds>();
        services.AddHostedService(provider => provider.GetRequiredService<RunFeeds>());
        services.AddSingleton<RunCurves>();
        services.AddSingleton<RunIndex>();
        services.AddSingleton<Watchers>();
        services.AddSingleton<SharedPages>();
        services.AddSingleton<RunCatalog>();
        services.AddSingleton<NoteKeeper>();
        services.AddSingleton<Comparisons>();
        services.AddSingleton<RunControls>();
        services.AddSingleton<StepExplanations>();
        services.AddSingleton<ModelIndex>();
        services.AddSingleton<ModelShelf>();
        services.AddSingleton<ForecastDesk>();
        services.AddSingleton<ModelForecasts>();
        services.AddSingleton<ForecastPlotter>();
        services.AddSingleton<ModelPlots>();
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
    }
}
