using System.CommandLine;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Orleans.Tbptt.Exporting;

namespace Orleans.Tbptt.Client.Telemetry;

/// <summary>Whether and where the console sends its own spans, which those of the silos hang from.</summary>
internal sealed class ConsoleTelemetry
{
    private const string ToTheConsole = "console";
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromMilliseconds(300);

    /// <summary>A console that was told nothing.</summary>
    public ConsoleTelemetry() => Option.AcceptOnlyFromAmong(ToTheConsole);

    /// <summary><c>--telemetry</c>, of every command.</summary>
    public Option<string?> Option { get; } = new("--telemetry")
    {
        HelpName = ToTheConsole,
        Description = "Write spans, and the metrics of silos that are started, to standard error. To a collector: the variables OTEL_EXPORTER_OTLP_ENDPOINT and so on.",
        Recursive = true,
    };

    /// <summary>Whether this console, and silos that it starts, write spans and metrics for people.</summary>
    public bool IsOnConsole { get; private set; }

    /// <summary>Takes what the command line and the environment say.</summary>
    /// <returns>What ends the sending; null where nothing is sent.</returns>
    public IDisposable? Begin(ParseResult parsed)
    {
        IsOnConsole = parsed.GetValue(Option) == ToTheConsole;
        var variables = Exporters.Variables();
        var exporters = Exporters.Of(IsOnConsole, variables);
        if (!exporters.TakeTraces)
            return null;

        // Standard output has results. The exporter knows no other; the console's own writer is another one by now.
        if (IsOnConsole)
            Console.SetOut(Console.Error);
        var traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(resource => resource.Describe("tbptt", null));
        traces.Export(exporters, variables);
        return new Sending(traces.Build());
    }

    private sealed class Sending(TracerProvider provider) : IDisposable
    {
        /// <summary>Not the provider's own end, which waits for a collector for as long as that likes: the process ends next.</summary>
        public void Dispose() => provider.ForceFlush((int)FlushTimeout.TotalMilliseconds);
    }
}
