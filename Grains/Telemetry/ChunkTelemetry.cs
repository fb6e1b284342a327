using System.Diagnostics;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>
/// Times a trainer's chunks, and gives a span to those whose step is traced, and to some of those that took more than twice the usual time.
/// </summary>
/// <remarks>
/// It is notified, and calls nothing. <see cref="OnAsked"/> comes where the call arrives, the rest in the trainer's turn, one after
/// another.
/// </remarks>
internal sealed class ChunkTelemetry(TrainingInstruments instruments, TimeProvider time, RunId run, int trainer)
{
    /// <summary>Chunks that took so many times the median of the last ones have a span.</summary>
    internal const int SlowFactor = 2;

    /// <summary>
    /// There is no span for a slow chunk sooner than this after the last one: on a machine that others keep busy thousands are slow.
    /// </summary>
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

    /// <summary>The trainer begins to train on a chunk, or on the chunks of a round.</summary>
    /// <param name="epoch">Its epoch, from 0.</param>
    /// <param name="step">Committed steps before it.</param>
    /// <param name="chunks">How many chunks.</param>
    public WatchedChunk BeginTraining(int epoch, long step, int chunks = 1)
    {
        if (!IsWatched)
            return default;
        Enter(epoch);
        var span = Begin(step);
        if (chunks > 1)
            span?.SetTag("chunks", chunks);
        return new(this, step, chunks, time.GetTimestamp(), span);
    }

    /// <summary>The trainer begins to evaluate a chunk.</summary>
    public WatchedChunk BeginEvaluation() => instruments.MeasuresChunks ? new(this, null, 1, time.GetTimestamp(), null) : default;

    /// <summary>What was begun is done.</summary>
    internal void OnFinished(in WatchedChunk chunk)
    {
        var took = time.GetElapsedTime(chunk.Began);
        if (chunk.Step is { } step)
            OnTrained(step, chunk.Chunks, took, chunk.Span);
        else
            instruments.OnChunks(1, took, Phase.Evaluation);
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
        return Tagged(
            Traces.Source.StartActivity(Traces.Prefix + "chunk", ActivityKind.Internal, _epoch, startTime: time.GetUtcNow() - took), step);
    }

    private Activity? Begin(long step) => _asked == default
        ? null
        : Tagged(Traces.Source.StartActivity(Traces.Prefix + "chunk", ActivityKind.Internal, _asked), step);

    private Activity? Tagged(Activity? span, long step) => span?.SetTag("run", run.Text).SetTag("trainer", trainer)
        .SetTag("step", step + 1);
}

/// <summary>Work of a trainer that is being timed; the default where nobody watches. Disposed of when it ends, however it ends.</summary>
/// <param name="Telemetry">Is notified when it is done.</param>
/// <param name="Step">Committed steps before it; null for an evaluation.</param>
/// <param name="Chunks">How many chunks.</param>
/// <param name="Began">When it began.</param>
/// <param name="Span">Its span, where its step is traced.</param>
internal readonly record struct WatchedChunk(ChunkTelemetry? Telemetry, long? Step, int Chunks, long Began, Activity? Span) : IDisposable
{
    /// <summary>The work is done: what follows does not count.</summary>
    public void Finish() => Telemetry?.OnFinished(this);

    public void Dispose() => Span?.Dispose();
}
