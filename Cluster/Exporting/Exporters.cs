using System.Collections;

namespace Orleans.Tbptt.Cluster.Exporting;

/// <summary>
/// The destinations of spans, metrics and logs: the console if the command line says so, and a collector if the standard variables name
/// one.
/// </summary>
/// <param name="Console">Whether this process's standard output is a destination.</param>
/// <param name="OtlpTraces">Whether spans go to a collector.</param>
/// <param name="OtlpMetrics">Whether metrics go to a collector.</param>
/// <param name="OtlpLogs">Whether a silo's log goes to a collector.</param>
public sealed record Exporters(bool Console = false, bool OtlpTraces = false, bool OtlpMetrics = false, bool OtlpLogs = false)
{
    /// <summary>The prefix of all standard variables.</summary>
    private const string Prefix = "OTEL_";

    /// <summary>Whether spans have a destination.</summary>
    public bool TakeTraces => Console || OtlpTraces;

    /// <summary>The destinations that the settings of a process select.</summary>
    /// <param name="console">Whether the command line selects the console.</param>
    /// <param name="variables">From <see cref="Variables"/>.</param>
    public static Exporters Of(bool console, IReadOnlyDictionary<string, string?> variables)
    {
        bool isOff = Is("OTEL_SDK_DISABLED", "true");
        return new(console && !isOff, !isOff && Otlp("TRACES"), !isOff && Otlp("METRICS"), !isOff && Otlp("LOGS"));

        // No default collector: the protocol's default address would be retried for ever.
        bool Otlp(string signal) => Is($"OTEL_{signal}_EXPORTER", "otlp")
            || (!Has($"OTEL_{signal}_EXPORTER") && (Has("OTEL_EXPORTER_OTLP_ENDPOINT") || Has($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")));

        bool Has(string name) => !string.IsNullOrWhiteSpace(variables.GetValueOrDefault(name));

        bool Is(string name, string value) =>
            string.Equals(variables.GetValueOrDefault(name)?.Trim(), value, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The standard variables of this process.</summary>
    public static IReadOnlyDictionary<string, string?> Variables() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Where(variable => ((string)variable.Key).StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value);
}
