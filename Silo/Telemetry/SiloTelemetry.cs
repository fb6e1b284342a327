using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Orleans.Tbptt.Cluster.Exporting;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Silo.Telemetry;

/// <summary>Sends what a silo measures: to the console, to a collector, and to whoever scrapes <c>/metrics</c>. What nobody takes is not measured.</summary>
internal static class SiloTelemetry
{
    /// <summary>Where Prometheus finds a silo's metrics.</summary>
    public const string MetricsPath = "/metrics";

    /// <summary>As many runs a silo's process can coordinate, and show, in its life.</summary>
    private const int MostRuns = 10_000;

    /// <summary>How long a silo that ends waits for the last spans and metrics to be sent.</summary>
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromMilliseconds(300);

    /// <summary>Adds meters, sources and exporters to a silo's host.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="settings">What the silo was told.</param>
    public static void AddTelemetry(this IHostApplicationBuilder builder, SiloSettings settings)
    {
        var variables = Exporters.Variables();
        var exporters = Exporters.Of(settings.ExportsToConsole, variables);
        bool hasMetrics = exporters.Console || exporters.OtlpMetrics || settings.Web.IsOn;
        if (!hasMetrics && !exporters.TakeTraces && !exporters.OtlpLogs)
            return;

        // The host has no configuration but ours.
        builder.Configuration.AddInMemoryCollection(variables);
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.Describe("tbptt-silo", settings.EffectiveName));
        if (hasMetrics)
            telemetry.WithMetrics(metrics => Export(metrics, exporters, settings));
        if (exporters.OtlpLogs)
            telemetry.WithLogging(logs => logs.AddProcessor(new RecordedSpansProcessor()).AddOtlpExporter(), log => log.IncludeFormattedMessage = true);
        if (!exporters.TakeTraces)
            return;
        telemetry.WithTracing(traces => traces.Export(exporters, variables));

        // Spans then go with the calls between silos; without, calls have no filter to pass.
        builder.UseOrleans(silo => silo.AddTracedCalls());
    }

    /// <summary>Maps <see cref="MetricsPath"/>.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder endpoints) => endpoints.MapPrometheusScrapingEndpoint(MetricsPath);

    /// <summary>Sends what has not been sent. A collector that does not answer keeps no silo from ending.</summary>
    public static async Task FlushAsync(IServiceProvider services, TimeProvider time)
    {
        int milliseconds = (int)FlushTimeout.TotalMilliseconds;
        Task flush = Task.WhenAll(
            Task.Run(() => services.GetService<TracerProvider>()?.ForceFlush(milliseconds)),
            Task.Run(() => services.GetService<MeterProvider>()?.ForceFlush(milliseconds)),
            Task.Run(() => services.GetService<LoggerProvider>()?.ForceFlush(milliseconds)));
        await flush.WaitAsync(FlushTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// Makes room for the series that carry a run's id. OpenTelemetry shows no series whose run has ended, but keeps its place until the process ends, and has
    /// places for 2,000; memory is taken as they are used.
    /// </summary>
    internal static MeterProviderBuilder MakeRoomForRuns(this MeterProviderBuilder metrics)
    {
        foreach (var (gauge, series) in TrainingGauges.SeriesOfARun)
            metrics.AddView(gauge, new MetricStreamConfiguration { CardinalityLimit = series * MostRuns });
        return metrics;
    }

    private static void Export(MeterProviderBuilder metrics, Exporters exporters, SiloSettings settings)
    {
        metrics.AddMeter(Traces.Name, "Microsoft.Orleans", "System.Runtime").MakeRoomForRuns();

        // A measurement that was made under a recorded span names it.
        metrics.SetExemplarFilter(ExemplarFilterType.TraceBased);
        if (exporters.Console)
            metrics.AddConsoleExporter();
        if (exporters.OtlpMetrics)
            metrics.AddOtlpExporter();
        if (settings.Web.IsOn)
            metrics.AddPrometheusExporter();
    }
}
