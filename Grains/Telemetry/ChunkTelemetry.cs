using System.Diagnostics;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>
/// Times a trainer's chunks, and gives a span to those whose step is traced, and to some of those that took more than twice the usual time.
/// </summary>
/// <remarks><see cref="OnAsked"/> is called where the grain's call arrives, the rest on the trainer's thread, one after another.</remarks>
internal sealed class ChunkTelemetry(TrainingInstruments instruments, TimeProvider time, RunId run, int trainer)
{
    /// <summary>Chunks that took so many times the median of the last ones have a span.</summary>
    internal const int SlowFactor = 2;

    /// <summary>There is no span for a slow chunk sooner than this after the last one: on a machine that others keep busy thousands are slow.</summary>
    internal static readonly TimeSpan SlowPace = TimeSpan.FromMilliseconds(100);

    private readonly UsualTime _usual = new();
    private ActivityContext _asked;
    private ActivityContext _epoch;
    private int _epochNumber = -1;
    private long? _lastSlow;

    /// <summary>Notes which span a call came from.</summary>
    public void OnAsked()
    {
        _asked = default;
        if (Activity.Current is not { Recorded: true } current)
            return;
        _asked = current.Context;
        if (current.GetBaggageItem(RunSpans.EpochBaggage) is { } epoch)
            _epoch = Traces.Read(epoch);
    }

    /// <inheritdoc cref="ShardHost.Train"/>
    public TrainerReply Train(ShardHost host, StepTicket ticket)
    {
        if (!IsWatched)
            return host.Train(ticket);
        Enter(ticket.Epoch);
        long began = time.GetTimestamp();
        using var span = Begin(ticket.Step);
        var reply = host.Train(ticket);
        if (reply is Contribution)
            OnTrained(ticket.Step, 1, time.GetElapsedTime(began), span);
        return reply;
    }

    /// <inheritdoc cref="ShardHost.TrainRound"/>
    public TrainerReply TrainRound(ShardHost host, RoundTicket ticket, Func<bool> isAbandoned)
    {
        if (!IsWatched)
            return host.TrainRound(ticket, isAbandoned);
        Enter(ticket.Epoch);
        long began = time.GetTimestamp();
        using var span = Begin(ticket.Step)?.SetTag("chunks", ticket.Chunks);
        var reply = host.TrainRound(ticket, isAbandoned);
        if (reply is RoundContribution)
            OnTrained(ticket.Step, ticket.Chunks, time.GetElapsedTime(began), span);
        return reply;
    }

    /// <inheritdoc cref="ShardHost.Evaluate"/>
    public TrainerReply Evaluate(ShardHost host, EvaluationTicket ticket)
    {
        if (!instruments.MeasuresChunks)
            return host.Evaluate(ticket);
        long began = time.GetTimestamp();
        var reply = host.Evaluate(ticket);
        if (reply is EvaluationResult)
            instruments.OnChunks(1, time.GetElapsedTime(began), Phase.Evaluation);
        return reply;
    }

    private bool IsWatched => instruments.MeasuresChunks || _epoch != default || _asked != default;

    /// <summary>A traced step brings its epoch's trace along; an epoch without one has none here.</summary>
    internal void Enter(int epoch)
    {
        if (_asked != default)
            _epochNumber = epoch;
        else if (epoch != _epochNumber)
            _epoch = default;
    }

    internal void OnTrained(long step, int chunks, TimeSpan took, Activity? span)
    {
        var each = took / chunks;
        bool isSlow = _epoch != default && _usual.Median is { } usual && each > usual * SlowFactor;
        _usual.Add(each);

        // While its span is current, so that the measurement can name it as an example of its bucket.
        using var late = isSlow && span is null ? BeginLate(step, took) : null;
        if (isSlow)
            (span ?? late)?.SetTag("slow", true);
        instruments.OnChunks(chunks, took, Phase.Training);
    }

    private Activity? BeginLate(long step, TimeSpan took)
    {
        long now = time.GetTimestamp();
        if (_lastSlow is { } last && time.GetElapsedTime(last, now) < SlowPace)
            return null;
        _lastSlow = now;
        return Tagged(Traces.Source.StartActivity(Traces.Prefix + "chunk", ActivityKind.Internal, _epoch, startTime: time.GetUtcNow() - took), step);
    }

    private Activity? Begin(long step) => _asked == default ? null : Tagged(Traces.Source.StartActivity(Traces.Prefix + "chunk", ActivityKind.Internal, _asked), step);

    private Activity? Tagged(Activity? span, long step) => span?.SetTag("run", run.Text).SetTag("trainer", trainer).SetTag("step", step + 1);
}
