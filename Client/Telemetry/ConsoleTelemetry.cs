using System.CommandLine;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Orleans.Tbptt.Cluster.Exporting;

namespace Orleans.Tbptt.Client.Telemetry;

/// <summary>Whether and where the console exports its spans, which are the parents of the silos' spans.</summary>
internal sealed class ConsoleTelemetry
{
    private const string ToTheConsole = "console";
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromMilliseconds(300);

    /// <summary>A console without telemetry settings.</summary>
    public ConsoleTelemetry() => Option.AcceptOnlyFromAmong(ToTheConsole);

    /// <summary><c>--telemetry</c>, of every command.</summary>
    public Option<string?> Option { get; } = new("--telemetry")
    {
        HelpName = ToTheConsole,
        Description =
            "console: write spans, and the metrics of local silos, to standard error. For a collector set OTEL_EXPORTER_OTLP_ENDPOINT.",
        Recursive = true,
    };

    /// <summary>Whether this console and the silos that it starts write spans and metrics as text.</summary>
    public bool IsOnConsole { get; private set; }

    /// <summary>Starts the export that the command line and the environment ask for.</summary>
    /// <returns>Ends the export when disposed; null where nothing is exported.</returns>
    public IDisposable? Begin(ParseResult parsed)
    {
        IsOnConsole = parsed.GetValue(Option) == ToTheConsole;
        var variables = Exporters.Variables();
        var exporters = Exporters.Of(IsOnConsole, variables);
        if (!exporters.TakeTraces)
            return null;

        // Standard output carries results, and the exporter writes to Console.Out only; results go through a writer captured before.
        if (IsOnConsole)
            Console.SetOut(Console.Error);
        var traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(resource => resource.Describe("tbptt", null));
        traces.Export(exporters, variables);
        return new Sending(traces.Build());
    }

    private sealed class Sending(TracerProvider provider) : IDisposable
    {
        /// <summary>Not the provider's Dispose, which waits for a slow collector without limit: the process is about to end.</summary>
        public void Dispose() => provider.ForceFlush((int)FlushTimeout.TotalMilliseconds);
    }
}
