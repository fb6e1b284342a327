using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Orleans.Tbptt.Cluster.Exporting;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Benchmarks.Telemetry;

/// <summary>
/// Telemetry configurations like those of the silo program: spans at the default interval, metrics twelve times as often.
/// </summary>
internal sealed class Listening : IDisposable
{
    private const int Often = 5_000;
    private const int Patient = 10_000;

    /// <summary>A collector that does not answer must not delay the next run.</summary>
    private const int Impatient = 1;

    private readonly TracerProvider? _traces;
    private readonly MeterProvider _metrics;

    private readonly int _patience;

    private Listening(int patience, Action<TracerProviderBuilder>? exportTraces, Action<MeterProviderBuilder> exportMetrics)
    {
        _patience = patience;
        if (exportTraces is not null)
        {
            var traces = Sdk.CreateTracerProviderBuilder();
            traces.Export(new(), new Dictionary<string, string?>());
            exportTraces(traces);
            _traces = traces.Build();
        }

        var metrics = Sdk.CreateMeterProviderBuilder().AddMeter(Traces.Name, "Microsoft.Orleans", "System.Runtime")
            .SetExemplarFilter(ExemplarFilterType.TraceBased);
        exportMetrics(metrics);
        _metrics = metrics.Build();
    }

    /// <summary>Every meter and source, read into memory every five seconds.</summary>
    public static Listening ToMemory() => new(
        Patient,
        traces => traces.AddProcessor(
            new BatchActivityExportProcessor(new InMemoryExporter<Activity>([]), scheduledDelayMilliseconds: Often)),
        ToMemory);

    /// <summary>Every meter without traces, as by default with a scraper.</summary>
    public static Listening ToMemoryWithoutTraces() => new(Patient, null, ToMemory);

    /// <summary>The same, sent to a collector.</summary>
    public static Listening ToCollector(EndPoint collector) => new(
        Impatient,
        traces => traces.AddOtlpExporter(otlp =>
        {
            otlp.Endpoint = new($"http://{collector}/");
            otlp.BatchExportProcessorOptions.ScheduledDelayMilliseconds = Often;
        }),
        metrics => metrics.AddOtlpExporter((otlp, reader) =>
        {
            otlp.Endpoint = new($"http://{collector}/");
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = Often;
        }));

    /// <summary>An address without a listener.</summary>
    public static EndPoint Unreachable()
    {
        using var listener = Silent();
        return listener.LocalEndpoint;
    }

    /// <summary>Accepts connections, and never answers.</summary>
    public static TcpListener Silent()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static void ToMemory(MeterProviderBuilder metrics) =>
        metrics.AddInMemoryExporter(new List<Metric>(), reader =>
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = Often);

    public void Dispose()
    {
        _traces?.Shutdown(_patience);
        _traces?.Dispose();
        _metrics.Shutdown(_patience);
        _metrics.Dispose();
    }
}
