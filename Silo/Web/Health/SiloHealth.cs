using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Tbptt.Grains.Silos;

namespace Orleans.Tbptt.Silo.Web.Health;

/// <summary>
/// <c>/health/live</c>: the process answers. <c>/health/startup</c>: the silo has joined its cluster. <c>/health/ready</c>: it is an active
/// member and not about to end. They require no token, because they reveal nothing else.
/// </summary>
internal static class SiloHealth
{
    private const string Startup = "startup";
    private const string Ready = "ready";

    /// <summary>Adds the checks.</summary>
    public static void AddSiloHealth(this IServiceCollection services) => services.AddHealthChecks()
        .AddCheck<MemberCheck>("member", tags: [Startup, Ready])
        .AddCheck<DrainCheck>("staying", tags: [Ready]);

    /// <summary>Maps the three addresses.</summary>
    public static void MapSiloHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks("/health/live", new() { Predicate = _ => false }).AllowAnonymous();
        endpoints.MapHealthChecks("/health/startup", With(Startup)).AllowAnonymous();
        endpoints.MapHealthChecks("/health/ready", With(Ready)).AllowAnonymous();
    }

    private static HealthCheckOptions With(string tag) => new() { Predicate = check => check.Tags.Contains(tag) };

    /// <summary>Whether the silo is an active member of its cluster.</summary>
    private sealed class MemberCheck(ISiloStatusOracle silos) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(silos.CurrentStatus == SiloStatus.Active
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy($"the silo is {silos.CurrentStatus}"));
    }

    /// <summary>Whether the silo has not been asked to end.</summary>
    private sealed class DrainCheck(SiloDrain drain) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(drain.IsDraining ? HealthCheckResult.Unhealthy("the silo has been asked to end") : HealthCheckResult.Healthy());
    }
}
