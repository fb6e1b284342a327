using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Telemetry;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>
/// What a silo measures of the runs that it trains and coordinates: every instrument of the meter <see cref="Traces.Name"/>.
/// docs/telemetry.md lists them. Any thread may call. Without a listener a call costs a look, and none allocates.
/// </summary>
internal sealed class TrainingInstruments : IBufferTraffic
{
    private static readonly Tag Sent = new("direction", "sent");
    private static readonly Tag Received = new("direction", "received");

    private readonly Histogram<double> _step;
    private readonly Histogram<double> _chunk;
    private readonly Histogram<double> _wait;
    private readonly Histogram<long> _exchange;
    private readonly Counter<long> _sequenceSteps;
    private readonly Histogram<double> _gradientNorm;
    private readonly Counter<long> _clipped;
    private readonly Histogram<double> _hiddenNorm;
    private readonly Counter<long> _recoveries;
    private readonly Histogram<double> _recovery;
    private readonly Counter<long> _audited;
    private readonly Counter<long> _unlike;
    private readonly Counter<long> _speculated;
    private readonly Counter<long> _won;
    private readonly Histogram<double> _checkpoint;
    private readonly Histogram<long> _checkpointSize;
    private readonly Counter<long> _runs;
    private readonly ConcurrentDictionary<RunGauges, bool> _live = [];

    public TrainingInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(Traces.Name, ProtocolVersion.Product);
        _step = meter.CreateHistogram("tbptt.step.duration", "s",
            "From a step's tickets to its commit, or from an evaluation chunk's to its losses.", advice: Boundaries.Step);
        _chunk = meter.CreateHistogram("tbptt.chunk.duration", "s", "What one trainer computed for one chunk.", advice: Boundaries.Step);
        _wait = meter.CreateHistogram("tbptt.sync.wait", "s",
            "From the first trainer's contribution to the last one's: what the slowest trainer cost a step.", advice: Boundaries.Step);
        _exchange = meter.CreateHistogram("tbptt.exchange.size", "By",
            "Parameters, gradients or hidden state in one message between silos.", advice: Boundaries.Bytes);
        _sequenceSteps = meter.CreateCounter<long>("tbptt.sequence.steps", "{step}",
            "Sequence steps trained on: time steps × lanes that were not idle.");
        _gradientNorm = meter.CreateHistogram("tbptt.gradient.norm", "{norm}",
            "Global norm of a step's averaged gradient, before clipping.", advice: Boundaries.Norm);
        _clipped = meter.CreateCounter<long>("tbptt.gradient.clipped", "{step}", "Steps whose gradient was clipped.");
        _hiddenNorm = meter.CreateHistogram("tbptt.hidden.norm", "{norm}", "Norm of the hidden state of all lanes after a step.",
            advice: Boundaries.Norm);
        _recoveries = meter.CreateCounter<long>("tbptt.recoveries", "{recovery}",
            "Times that trainers were placed again, or a run was taken over from a coordinator that was lost.");
        _recovery = meter.CreateHistogram("tbptt.recovery.duration", "s",
            "From the lost step's tickets to trainers that stand at the committed state again.", advice: Boundaries.Seldom);
        _audited = meter.CreateCounter<long>("tbptt.audit.tickets", "{ticket}", "Trainers' parts of steps that were computed again.");
        _unlike = meter.CreateCounter<long>("tbptt.audit.unlike", "{finding}", "Times that a part computed again had other bits.");
        _speculated = meter.CreateCounter<long>("tbptt.speculation.tickets", "{ticket}",
            "Tickets of silos that were late which went to spares on other silos, too.");
        _won = meter.CreateCounter<long>("tbptt.speculation.won", "{ticket}", "Tickets that spares answered first.");
        _checkpoint = meter.CreateHistogram("tbptt.checkpoint.duration", "s", "From a checkpoint's first byte to its flushed name.",
            advice: Boundaries.Seldom);
        _checkpointSize = meter.CreateHistogram("tbptt.checkpoint.size", "By", "All files of a checkpoint.", advice: Boundaries.Bytes);
        _runs = meter.CreateCounter<long>("tbptt.runs", "{run}", "Runs that have ended.");

        meter.CreateObservableGauge(TrainingGauges.Loss, () => Live(run => run.Loss), "{loss}",
            "Training loss of the last step, validation loss of the last epoch.");
        meter.CreateObservableGauge(TrainingGauges.Error, () => Live(run => run.Errors), "{error}",
            "Errors of each target on held-out data after the last epoch, in the target's units.");
        meter.CreateObservableGauge(TrainingGauges.LearningRate, () => Live(run => run.LearningRate), "{rate}",
            "Learning rate of the last step.");
        meter.CreateObservableGauge(TrainingGauges.Epoch, () => Live(run => run.Epoch), "{epoch}", "The epoch being trained, from 1.");
        meter.CreateObservableGauge(TrainingGauges.Trainers, () => Live(run => run.Trainers), "{trainer}",
            "Trainers by what they are doing.");
        meter.CreateObservableGauge("tbptt.runs.active", () => RunGauges.Active(_live.Keys), "{run}",
            "Runs coordinated here that have not ended, by where they stand.");
    }

    /// <summary>Whether anybody wants to know how long trainers wait for each other.</summary>
    public bool MeasuresWaits => _wait.Enabled;

    /// <summary>Whether anybody wants to know what chunks take.</summary>
    public bool MeasuresChunks => _chunk.Enabled;

    /// <summary>Whether anybody wants the norm of the hidden state.</summary>
    public bool MeasuresHidden => _hiddenNorm.Enabled;

    /// <summary>
    /// The silo begins. What happens seldom is reported as zero from now on: of a series that begins with its first event, rates do not see
    /// that event.
    /// </summary>
    public void Begin()
    {
        foreach (string reason in (string[])[RecoveryReason.Lost, RecoveryReason.Fault, RecoveryReason.Refused, RecoveryReason.Coordinator])
            _recoveries.Add(0, new Tag("reason", reason));
        foreach (var outcome in (RunState[])[RunState.Completed, RunState.Failed, RunState.Diverged, RunState.Stopped])
        {
            foreach (bool waited in (bool[])[false, true])
                CountEnd(0, outcome, waited);
        }
    }

    /// <summary>A run is coordinated here: its gauges are shown until <see cref="OnLeft"/>.</summary>
    public void OnTaken(RunGauges run) => _live[run] = true;

    /// <summary>A run is no longer coordinated here.</summary>
    public void OnLeft(RunGauges run) => _live.TryRemove(run, out _);

    /// <summary>Steps are committed, one, or those of a round.</summary>
    /// <param name="count">How many.</param>
    /// <param name="took">What they took together.</param>
    /// <param name="sequenceSteps">Sequence steps in them.</param>
    public void OnSteps(int count, TimeSpan took, long sequenceSteps)
    {
        for (int i = 0; i < count; i++)
            _step.Record(took.TotalSeconds / count, Phase.Training);
        _sequenceSteps.Add(sequenceSteps);
    }

    /// <summary>A gradient was averaged.</summary>
    public void OnGradient(double norm, bool clipped)
    {
        _gradientNorm.Record(norm);
        if (clipped)
            _clipped.Add(1);
    }

    /// <summary>Hidden states were carried.</summary>
    public void OnHidden(double norm) => _hiddenNorm.Record(norm);

    /// <summary>All trainers have contributed.</summary>
    public void OnWaited(TimeSpan wait) => _wait.Record(wait.TotalSeconds);

    /// <summary>An evaluation chunk's losses are in.</summary>
    public void OnEvaluated(TimeSpan took) => _step.Record(took.TotalSeconds, Phase.Evaluation);

    /// <summary>A trainer has computed chunks, one, or those of a round.</summary>
    public void OnChunks(int count, TimeSpan took, Tag phase)
    {
        for (int i = 0; i < count; i++)
            _chunk.Record(took.TotalSeconds / count, phase);
    }

    /// <inheritdoc/>
    public void OnSent(long bytes) => _exchange.Record(bytes, Sent);

    /// <inheritdoc/>
    public void OnReceived(long bytes) => _exchange.Record(bytes, Received);

    /// <summary>A run continues after something was lost.</summary>
    /// <param name="reason">One of <see cref="RecoveryReason"/>.</param>
    /// <param name="took">Since the loss was met.</param>
    public void OnRecovered(string reason, TimeSpan took)
    {
        var tag = new Tag("reason", reason);
        _recoveries.Add(1, tag);
        _recovery.Record(took.TotalSeconds, tag);
    }

    /// <summary>Trainers' parts of a step were computed again to the same bits.</summary>
    public void OnAudited(int tickets) => _audited.Add(tickets);

    /// <summary>A part of a step was computed again to other bits.</summary>
    public void OnUnlike() => _unlike.Add(1);

    /// <summary>Tickets of a silo that was late went to spares, too.</summary>
    public void OnSpeculated(int tickets) => _speculated.Add(tickets);

    /// <summary>Spares answered tickets first, and took their trainers' places.</summary>
    public void OnSpeculationWon(int tickets) => _won.Add(tickets);

    /// <summary>A checkpoint counts.</summary>
    public void OnCheckpoint(TimeSpan took, long bytes)
    {
        _checkpoint.Record(took.TotalSeconds);
        _checkpointSize.Record(bytes);
    }

    /// <summary>A run has ended.</summary>
    /// <param name="outcome">How.</param>
    /// <param name="waited">Whether it stood in the queue for slots.</param>
    public void OnEnded(RunState outcome, bool waited) => CountEnd(1, outcome, waited);

    private void CountEnd(int runs, RunState outcome, bool waited) =>
        _runs.Add(runs, new("outcome", StateNames.Of(outcome)), new("queue", waited ? "waited" : "none"));

    private IEnumerable<Measurement<T>> Live<T>(Func<RunGauges, IEnumerable<Measurement<T>>> read) where T : struct =>
        _live.Keys.SelectMany(read);
}
