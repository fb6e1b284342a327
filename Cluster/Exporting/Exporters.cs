using System.Collections;

namespace Orleans.Tbptt.Cluster.Exporting;

/// <summary>Where spans, metrics and logs go: to the console where the command line says so, and to a collector where the standard variables name one.</summary>
/// <param name="Console">Whether to this process's standard output.</param>
/// <param name="OtlpTraces">Whether spans go to a collector.</param>
/// <param name="OtlpMetrics">Whether metrics go to a collector.</param>
/// <param name="OtlpLogs">Whether a silo's log goes to a collector, too.</param>
public sealed record Exporters(bool Console = false, bool OtlpTraces = false, bool OtlpMetrics = false, bool OtlpLogs = false)
{
    /// <summary>How all standard variables begin.</summary>
    private const string Prefix = "OTEL_";

    /// <summary>Whether anybody takes spans.</summary>
    public bool TakeTraces => Console || OtlpTraces;

    /// <summary>What a process is told.</summary>
    /// <param name="console">What its command line says.</param>
    /// <param name="variables">From <see cref="Variables"/>.</param>
    public static Exporters Of(bool console, IReadOnlyDictionary<string, string?> variables)
    {
        bool isOff = Is("OTEL_SDK_DISABLED", "true");
        return new(console && !isOff, !isOff && Otlp("TRACES"), !isOff && Otlp("METRICS"), !isOff && Otlp("LOGS"));

        // A collector is not guessed: the protocol's default address would be tried for ever.
        bool Otlp(string signal) => Is($"OTEL_{signal}_EXPORTER", "otlp")
            || (!Has($"OTEL_{signal}_EXPORTER") && (Has("OTEL_EXPORTER_OTLP_ENDPOINT") || Has($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")));

        bool Has(string name) => !string.IsNullOrWhiteSpace(variables.GetValueOrDefault(name));

        bool Is(string name, string value) => string.Equals(variables.GetValueOrDefault(name)?.Trim(), value, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The standard variables of this process.</summary>
    public static IReadOnlyDictionary<string, string?> Variables() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Where(variable => ((string)variable.Key).StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value);
}
