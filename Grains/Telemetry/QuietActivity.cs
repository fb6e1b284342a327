using System.Diagnostics;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>
/// An activity that nobody records: what runs under it asks for no spans. It stands for the span that it was begun for, if any.
/// </summary>
public sealed class QuietActivity : Activity
{
    private QuietActivity() : base(Traces.Prefix + "quiet")
    {
    }

    /// <summary>Begins one, in the place of whatever the caller runs under.</summary>
    /// <param name="span">The span that it stands for; the default, or one that is not recorded, for none.</param>
    internal static QuietActivity Begin(ActivityContext span)
    {
        // Under no other: a child of a recorded one would be recorded.
        Current = null;
        var quiet = new QuietActivity();
        if (span.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
            quiet.SetParentId(span.TraceId, span.SpanId, ActivityTraceFlags.None);
        quiet.Start();
        return quiet;
    }

    /// <summary>
    /// The recorded span that code runs under, or that the activity it runs under stands for: one that can be found where spans are sent.
    /// </summary>
    /// <param name="current">The activity that the code runs under.</param>
    /// <returns>The span; the default where there is none.</returns>
    public static (ActivityTraceId Trace, ActivitySpanId Span) RecordedOf(Activity? current)
    {
        for (; current is not null; current = current.Parent)
        {
            // Of another library's activity that nobody listens to, a caller's header may say that it is recorded.
            if (current.Recorded && current.Source.HasListeners())
                return (current.TraceId, current.SpanId);
            if (current is QuietActivity { ParentSpanId: var span } && span != default)
                return (current.TraceId, span);
        }

        return default;
    }
}
