using System.Diagnostics;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>The span that a request over a step channel is made under: what Orleans' calls carry by themselves.</summary>
/// <param name="Span">The span, a W3C <c>traceparent</c>.</param>
/// <param name="Epoch">Its epoch's, for trainers whose chunks are slow when nothing is traced.</param>
[GenerateSerializer, Immutable, Alias("tbptt.CarriedTrace")]
internal sealed record CarriedTrace([property: Id(0)] string Span, [property: Id(1)] string? Epoch)
{
    /// <summary>The span that the caller runs under; null where that is not recorded.</summary>
    public static CarriedTrace? Current => Activity.Current is { Recorded: true, Id: { } id } current
        ? new(id, current.GetBaggageItem(RunSpans.EpochBaggage))
        : null;

    /// <summary>Continues a trace on this silo: what the calling thread does until the span ends belongs to it.</summary>
    public static Activity? Resume(CarriedTrace? trace) => trace is null
        ? null
        : Traces.Source.StartActivity(Traces.Prefix + "exchange", ActivityKind.Server, Traces.Read(trace.Span))
            ?.SetBaggage(RunSpans.EpochBaggage, trace.Epoch);
}
