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

/// <summary>
/// Exports a silo's telemetry to the console, to a collector, and at <c>/metrics</c>. Without a destination nothing is measured.
/// </summary>
internal static class SiloTelemetry
{
    /// <summary>The path of the metrics for Prometheus.</summary>
    public const string MetricsPath = "/metrics";

    /// <summary>The maximum number of runs whose series a silo process can export in its lifetime.</summary>
    private const int MostRuns = 10_000;

    private const string OrleansMeter = "Microsoft.Orleans";

    /// <summary>For each of Orleans' 200 instruments; OpenTelemetry's default, 2,000, takes 30 MB for them.</summary>
    private const int MaxOrleansSeries = 500;

    /// <summary>How long a silo that ends waits for the last spans and metrics to be sent.</summary>
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromMilliseconds(300);

    /// <summary>Adds meters, sources and exporters to a silo's host.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="settings">The silo's settings.</param>
    public static void AddTelemetry(this IHostApplicationBuilder builder, SiloSettings settings)
    {
        var variables = Exporters.Variables();
        var exporters = Exporters.Of(settings.ExportsToConsole, variables);
        bool hasMetrics = exporters.Console || exporters.OtlpMetrics || settings.Web.IsOn;
        if (!hasMetrics && !exporters.TakeTraces && !exporters.OtlpLogs)
            return;

        // The host has no other configuration.
        builder.Configuration.AddInMemoryCollection(variables);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Describe("tbptt-silo", settings.EffectiveName));
        if (hasMetrics)
            telemetry.WithMetrics(metrics => Export(metrics, exporters, settings));
        if (exporters.OtlpLogs)
            telemetry.WithLogging(logs => logs.AddProcessor(new RecordedSpansProcessor()).AddOtlpExporter(), log =>
                log.IncludeFormattedMessage = true);
        if (!exporters.TakeTraces)
            return;
        telemetry.WithTracing(traces => traces.Export(exporters, variables));

        // Lets spans flow with calls between silos; without it, calls pass no filter.
        builder.UseOrleans(silo => silo.AddTracedCalls());
    }

    /// <summary>Maps <see cref="MetricsPath"/>.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder endpoints) => endpoints.MapPrometheusScrapingEndpoint(MetricsPath);

    /// <summary>Exports pending data. A collector that does not answer does not keep the silo from ending.</summary>
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
    /// Makes room for series with a run ID. OpenTelemetry does not export series of ended runs, but keeps their slots until the process
    /// ends, and has 2,000 slots by default; memory is allocated as they are used.
    /// </summary>
    internal static MeterProviderBuilder MakeRoomForRuns(this MeterProviderBuilder metrics)
    {
        foreach (var (gauge, series) in TrainingGauges.SeriesOfARun)
            metrics.AddView(gauge, new MetricStreamConfiguration { CardinalityLimit = series * MostRuns });
        return metrics;
    }

    private static void Export(MeterProviderBuilder metrics, Exporters exporters, SiloSettings settings)
    {
        metrics.AddMeter(Traces.Name, OrleansMeter, "System.Runtime").MakeRoomForRuns()
            .AddView(instrument => instrument.Meter.Name == OrleansMeter ? new() { CardinalityLimit = MaxOrleansSeries } : null);

        // A measurement under a recorded span has it as an exemplar.
        metrics.SetExemplarFilter(ExemplarFilterType.TraceBased);
        if (exporters.Console)
            metrics.AddConsoleExporter();
        if (exporters.OtlpMetrics)
            metrics.AddOtlpExporter();
        if (settings.Web.IsOn)
            metrics.AddPrometheusExporter();
    }
}
