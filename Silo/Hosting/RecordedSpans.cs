using System.Diagnostics;
using Orleans.Tbptt.Grains.Telemetry;
using Serilog.Core;
using Serilog.Events;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>Lets log lines name recorded spans only: most calls run under an activity that is not recorded.</summary>
/// <param name="inner">Writes the lines.</param>
internal sealed class RecordedSpans(ILogEventSink inner) : ILogEventSink, IDisposable
{
    /// <inheritdoc/>
    public void Emit(LogEvent logEvent)
    {
        var (trace, span) = QuietActivity.RecordedOf(Activity.Current);
        bool asItIs = logEvent.SpanId == (span == default ? null : span);
        inner.Emit(asItIs ? logEvent : new(
            logEvent.Timestamp, logEvent.Level, logEvent.Exception, logEvent.MessageTemplate,
            logEvent.Properties.Select(property => new LogEventProperty(property.Key, property.Value)), trace, span));
    }

    /// <inheritdoc/>
    public void Dispose() => (inner as IDisposable)?.Dispose();
}
