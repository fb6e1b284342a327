using System.Diagnostics;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Telemetry;

/// <summary>Where the spans of console and silos come from.</summary>
public static class Traces
{
    /// <summary>The name of the source, and of the meter.</summary>
    public const string Name = "Orleans.Tbptt";

    /// <summary>
    /// How our own spans' names begin. A trace begins with one of them, never with a grain call that nobody's span asked for.
    /// </summary>
    public const string Prefix = "tbptt.";

    /// <summary>The source. Without a listener it gives no spans and costs a look.</summary>
    public static ActivitySource Source { get; } = new(Name, ProtocolVersion.Product);

    /// <summary>The span that code runs under, for spans to be linked to it later; empty where nobody records one.</summary>
    public static string Current => Activity.Current is { Recorded: true, Id: { } id } ? id : "";

    /// <summary>Reads what <see cref="Current"/> wrote.</summary>
    /// <param name="text">A W3C <c>traceparent</c>; empty for none.</param>
    /// <returns>The span; the default where there is none.</returns>
    public static ActivityContext Read(string? text) =>
        ActivityContext.TryParse(text, null, isRemote: true, out var context) ? context : default;
}
