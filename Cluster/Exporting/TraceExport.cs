using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Cluster.Exporting;

/// <summary>The sampling and export of spans, shared by console and silos.</summary>
public static class TraceExport
{
    private static readonly string[] Sources = [Traces.Name, "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Application"];

    /// <summary>Describes the sender. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="service">The program.</param>
    /// <param name="instance">The instance's name; null for none.</param>
    public static void Describe(this ResourceBuilder resource, string service, string? instance) => resource
        .AddService(service, serviceVersion: ProtocolVersion.Product, autoGenerateServiceInstanceId: false, serviceInstanceId: instance)
        .AddEnvironmentVariableDetector();

    /// <summary>Collects and exports the spans of this project and of Orleans.</summary>
    /// <param name="traces">The builder.</param>
    /// <param name="exporters">The destinations.</param>
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
    /// Starts traces with this project's spans only: silos and consoles poll each other constantly, and such calls should not start traces.
    /// </summary>
    private sealed class OwnRoots : Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            new(samplingParameters.Name.StartsWith(Traces.Prefix, StringComparison.Ordinal) ? SamplingDecision.RecordAndSample
                : SamplingDecision.Drop);
    }
}
