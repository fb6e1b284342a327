using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Logs;
using Orleans.Tbptt.Grains.Telemetry;

namespace Orleans.Tbptt.Silo.Telemetry;

/// <summary>Has exported log records name spans that are exported, too, and no others.</summary>
internal sealed class RecordedSpansProcessor : BaseProcessor<LogRecord>
{
    /// <inheritdoc/>
    public override void OnEnd(LogRecord data)
    {
        (data.TraceId, data.SpanId) = QuietActivity.RecordedOf(Activity.Current);
        base.OnEnd(data);
    }
}
