using System.Numerics.Tensors;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>What a coordinator reports of its run, in numbers and spans, from taking it over to leaving it.</summary>
/// <remarks>Runs on the coordinator's scheduler, except <see cref="OnCheckpoint"/>.</remarks>
internal sealed class RunTelemetry(TrainingInstruments instruments, RunStatus status, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly long _began = time.GetTimestamp();
    private RunGauges? _gauges;
    private double? _clipNorm;
    private bool _waited;
    private string? _recovering;
    private (long First, long Last) _answers;

    /// <summary>The spans.</summary>
    public RunSpans Spans { get; } = new(status, time);

    /// <summary>The run is taken over: its gauges are shown from now on.</summary>
    /// <param name="generation">The generation it was taken over under.</param>
    /// <param name="snapshot">Its status at any moment.</param>
    /// <param name="spec">Its spec; null where it cannot be read.</param>
    public void OnTaken(int generation, Func<RunStatus> snapshot, RunSpec? spec)
    {
        // A coordinator that leaves in order says so in the status before it goes.
        _recovering = generation > 1 && status.State == RunState.Running ? RecoveryReason.Coordinator : null;
        _clipNorm = spec?.Train.ClipNorm;
        instruments.OnTaken(_gauges = new(RunId.Parse(status.Id), snapshot));
    }

    /// <summary>An epoch begins or continues, counted from 0: what is logged from here on says so.</summary>
    public IDisposable? OnEpoch(int epoch) => logger.OfEpoch(epoch + 1);

    /// <summary>The run stands in the queue for slots.</summary>
    public void OnQueued() => _waited = true;

    /// <summary>A trainer is doing something else now.</summary>
    public void OnTrainer(TrainerState state)
    {
        if (state is not (TrainerState.Waiting or TrainerState.Training) || !instruments.MeasuresWaits)
            return;
        long now = time.GetTimestamp();
        _answers = state == TrainerState.Training ? default : (_answers.First == 0 ? now : _answers.First, now);
    }

    /// <summary>Steps are committed, one, or those of a round.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="sequenceSteps">Time steps of all lanes in them.</param>
    /// <param name="state">The committed state after them.</param>
    /// <param name="took">What they took together.</param>
    public void OnCommitted(IReadOnlyList<StepOutcome.Committed> steps, long sequenceSteps, TrainingState state, TimeSpan took)
    {
        for (int i = 0; i < steps.Count; i++)
        {
            // Trainers that make local steps have no gradient together.
            if (steps[i].GradientNorm is var norm && double.IsFinite(norm))
                instruments.OnGradient(norm, norm > _clipNorm);
        }

        instruments.OnSteps(steps.Count, took, sequenceSteps);
        // One number that is not finite would spoil the histogram's sum for as long as the silo lives.
        if (instruments.MeasuresHidden && TensorPrimitives.Norm<float>(state.Hidden) is var hidden && float.IsFinite(hidden))
            instruments.OnHidden(hidden);
        if (_answers.Last != 0)
            instruments.OnWaited(time.GetElapsedTime(_answers.First, _answers.Last));
        _gauges?.OnStep(steps[^1].LearningRate);
        if (_recovering is not null)
            OnRecovered(_recovering, time.GetElapsedTime(_began));
        _recovering = null;
        Spans.OnCommitted();
    }

    /// <inheritdoc cref="TrainingInstruments.OnEvaluated"/>
    public void OnEvaluated(TimeSpan took) => instruments.OnEvaluated(took);

    /// <inheritdoc cref="TrainingInstruments.OnRecovered"/>
    public void OnRecovered(string reason, TimeSpan took) => instruments.OnRecovered(reason, took);

    /// <inheritdoc cref="TrainingInstruments.OnAudited"/>
    public void OnAudited(int tickets) => instruments.OnAudited(tickets);

    /// <inheritdoc cref="TrainingInstruments.OnUnlike"/>
    public void OnUnlike() => instruments.OnUnlike();

    /// <inheritdoc cref="TrainingInstruments.OnSpeculated"/>
    public void OnSpeculated(int tickets) => instruments.OnSpeculated(tickets);

    /// <inheritdoc cref="TrainingInstruments.OnSpeculationWon"/>
    public void OnSpeculationWon(int tickets) => instruments.OnSpeculationWon(tickets);

    /// <inheritdoc cref="TrainingInstruments.OnCheckpoint"/>
    public void OnCheckpoint(TimeSpan took, long bytes) => instruments.OnCheckpoint(took, bytes);

    /// <summary>The run is left: nothing of it is shown from here on.</summary>
    /// <param name="state">How.</param>
    public void OnLeft(RunState state)
    {
        if (state is not (RunState.Paused or RunState.Queued))
            instruments.OnEnded(state, _waited);
        Dispose();
        Spans.OnLeft();
    }

    public void Dispose()
    {
        if (_gauges is not null)
            instruments.OnLeft(_gauges);
        Spans.Dispose();
    }
}
