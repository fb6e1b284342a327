using System.Diagnostics;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>
/// The spans of a run at its coordinator. <c>tbptt.start</c>, from taking the run over to its first step, belongs to the trace of the
/// caller who asked for it; every epoch begins a separate trace, linked to the submission, so that no trace grows with the run.
/// </summary>
/// <remarks>
/// Between spans the coordinator runs under an activity that is not recorded: calls to grains then ask for no spans, and cost none, but
/// logs name the epoch's span. Each method works on the caller's own flow, and so must be called from where the flow shall continue.
/// </remarks>
internal sealed class RunSpans : IDisposable
{
    /// <summary>The baggage that shows trainers which epoch's trace their slow chunks belong to.</summary>
    internal const string EpochBaggage = "tbptt.epoch";

    /// <summary>A step is traced if none was for so long. Of a large model that is every step.</summary>
    internal static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The first step of an epoch is traced unless another one was within this time: an epoch may be a few milliseconds long.
    /// </summary>
    internal static readonly TimeSpan FirstPace = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time;
    private readonly ActivityContext _submission;
    private readonly Activity? _start;
    private ActivityContext _epoch;
    private long? _traced;
    private bool _isFirst;

    /// <summary>Begins with <c>tbptt.start</c>, under the span that the caller runs under, or else under the run's submission.</summary>
    /// <param name="status">The run.</param>
    /// <param name="time">The clock.</param>
    public RunSpans(RunStatus status, TimeProvider time)
    {
        _time = time;
        if (!Traces.Source.HasListeners())
            return;
        _submission = Traces.Read(status.Trace);
        var caller = Activity.Current is { Recorded: true, Context: var context } ? context : _submission;

        // What the call that began the run brought with it must not go out with each of the run's own calls.
        RequestContext.Clear();
        _start = Start("start", caller)?.SetTag("run", status.Id).SetTag("name", status.Name);
        QuietActivity.Begin(_start?.Context ?? default);
    }

    /// <summary>Trainers are placed before the first step.</summary>
    public Activity? BeginPlacement() => Start("placement", Scope);

    /// <summary>An epoch begins or continues, counted from 0.</summary>
    public Activity? BeginEpoch(RunId run, int epoch, int generation)
    {
        if (!Traces.Source.HasListeners())
            return null;
        Activity.Current = null;
        ActivityLink[] links = _submission == default ? [] : [new(_submission)];
        var span = Traces.Source.StartActivity(Traces.Prefix + "epoch", ActivityKind.Internal, default(ActivityContext), links: links)
            ?.SetTag("run", run.Text).SetTag("epoch", epoch + 1).SetTag("generation", generation);
        _epoch = span?.Context ?? default;
        _isFirst = true;
        QuietActivity.Begin(_epoch);
        return span;
    }

    /// <summary>
    /// A step or a round begins: traced if none was for <see cref="Pace"/>, or it is the first of its epoch and none was for
    /// <see cref="FirstPace"/>.
    /// </summary>
    /// <param name="step">Its number, from 1.</param>
    /// <param name="now">The time.</param>
    public Activity? BeginStep(long step, long now)
    {
        bool isFirst = _isFirst;
        _isFirst = false;
        if (!Traces.Source.HasListeners() || (_traced is { } last && _time.GetElapsedTime(last, now) < (isFirst ? FirstPace : Pace)))
            return null;
        _traced = now;
        return Start("step", Scope)?.SetTag("step", step);
    }

    /// <summary>A step is committed: if it was the first, the run has started.</summary>
    public void OnCommitted()
    {
        if (_start is { IsStopped: false })
            Stop(_start);
    }

    /// <summary>The run is left: what is still to be said of it belongs to its last epoch.</summary>
    public void OnLeft()
    {
        if (_epoch != default)
            QuietActivity.Begin(_epoch);
    }

    /// <summary>The trainers evaluate. Their chunks have no spans.</summary>
    public Activity? BeginEvaluation()
    {
        var span = Start("evaluation", _epoch);
        if (span is not null)
            QuietActivity.Begin(_epoch);
        return span;
    }

    /// <summary>Trainers are placed again, or moved.</summary>
    public Activity? BeginRecovery(long step, string reason) => Start("recovery", Scope)?.SetTag("step", step).SetTag("reason", reason);

    public void Dispose()
    {
        if (_start is { IsStopped: false })
            Stop(_start);
    }

    /// <summary>
    /// What spans belong to: the start until the first step is made, so that one trace leads from the console to a trainer's chunk.
    /// </summary>
    private ActivityContext Scope => _start is { IsStopped: false, Context: var context } ? context : _epoch;

    private Activity? Start(string name, ActivityContext parent) => parent == default
        ? null
        : Traces.Source.StartActivity(Traces.Prefix + name, ActivityKind.Internal, parent)?.SetBaggage(EpochBaggage, TraceParent(_epoch));

    private static string? TraceParent(ActivityContext context) =>
        context == default ? null : $"00-{context.TraceId}-{context.SpanId}-{(byte)context.TraceFlags:x2}";

    /// <summary>Ends a span that others have begun after.</summary>
    private static void Stop(Activity span)
    {
        var current = Activity.Current;
        span.Stop();
        Activity.Current = current;
    }
}
