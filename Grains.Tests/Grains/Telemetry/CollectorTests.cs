using System.Net;
using System.Net.Sockets;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Orleans.Tbptt.Cluster.Exporting;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Telemetry;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Telemetry;

/// <summary>What becomes of a run whose telemetry nobody takes.</summary>
[Collection(Watching.Name)]
public sealed class CollectorTests
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 2, epochs: 20);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_ContinuesToTheSameBits_WhenTheCollectorNeverAnswersOrIsDown(bool listens)
    {
        using var collector = new TcpListener(IPAddress.Loopback, 0);
        collector.Start();
        var endpoint = new Uri($"http://{collector.LocalEndpoint}/");
        Task<Socket>? connected = null;
        if (listens)
            connected = collector.AcceptSocketAsync(TestContext.Current.CancellationToken).AsTask();
        else
            collector.Stop();
        var builder = Sdk.CreateTracerProviderBuilder();
        builder.Export(new(), new Dictionary<string, string?>());

        // A full queue at once, and exports all the time: worse than it can be by default.
        var traces = builder.AddOtlpExporter(otlp =>
        {
            Aim(otlp, endpoint);
            otlp.BatchExportProcessorOptions = new() { MaxQueueSize = 4, MaxExportBatchSize = 4, ScheduledDelayMilliseconds = 1 };
        }).Build();
        var metrics = Sdk.CreateMeterProviderBuilder().AddMeter(Traces.Name).AddOtlpExporter((otlp, reader) =>
        {
            Aim(otlp, endpoint);
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = 10;
        }).Build();
        await using var silos = await TestSilos.Start(1, silo => silo.AddTracedCalls());

        var run = await silos.Train(Spec);

        RunAssert.SameBits(Oracle.Of(Spec), run);
        if (connected is not null)
            (await connected.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken)).Dispose();
        traces.Shutdown(timeoutMilliseconds: 1);
        metrics.Shutdown(timeoutMilliseconds: 1);
    }

    private static void Aim(OtlpExporterOptions otlp, Uri endpoint) =>
        (otlp.Endpoint, otlp.Protocol, otlp.TimeoutMilliseconds) = (endpoint, OtlpExportProtocol.HttpProtobuf, 1000);
}
