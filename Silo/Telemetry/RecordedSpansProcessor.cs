using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Logs;
using Orleans.Tbptt.Grains.Telemetry;

namespace Orleans.Tbptt.Silo.Telemetry;

/// <summary>Lets exported log records name exported spans only.</summary>
internal sealed class RecordedSpansProcessor : BaseProcessor<LogRecord>
{
    /// <inheritdoc/>
    public override void OnEnd(LogRecord data)
    {
        (data.TraceId, data.SpanId) = QuietActivity.RecordedOf(Activity.Current);
        base.OnEnd(data);
    }
}
