using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Cluster.Exporting;

/// <summary>How spans are chosen and sent, by console and silos alike.</summary>
public static class TraceExport
{
    private static readonly string[] Sources = [Traces.Name, "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Application"];

    /// <summary>Says who sends. What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say weighs more.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="service">The program.</param>
    /// <param name="instance">Which one of them; null for one that nobody needs to tell from others.</param>
    public static void Describe(this ResourceBuilder resource, string service, string? instance) => resource
        .AddService(service, serviceVersion: ProtocolVersion.Product, autoGenerateServiceInstanceId: false, serviceInstanceId: instance)
        .AddEnvironmentVariableDetector();

    /// <summary>Takes our spans and Orleans', and sends them.</summary>
    /// <param name="traces">The builder.</param>
    /// <param name="exporters">Where to.</param>
    /// <param name="variables">From <see cref="Exporters.Variables"/>.</param>
    public static void Export(this TracerProviderBuilder traces, Exporters exporters, IReadOnlyDictionary<string, string?> variables)
    {
        traces.AddSource(Sources);
        if (!variables.ContainsKey("OTEL_TRACES_SAMPLER"))
            traces.SetSampler(new ParentBasedSampler(new OwnRoots()));
        if (exporters.Console)
            traces.AddConsoleExporter();
        if (exporters.OtlpTraces)
            traces.AddOtlpExporter();
    }

    /// <summary>
    /// Begins traces with our own spans only. Silos and consoles ask each other for news all the time, and nobody wants a trace of each such call.
    /// </summary>
    private sealed class OwnRoots : Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            new(samplingParameters.Name.StartsWith(Traces.Prefix, StringComparison.Ordinal) ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
    }
}
