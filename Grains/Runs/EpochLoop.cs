using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>Trains a run epoch by epoch and chunk by chunk, with what has to be done between two steps.</summary>
/// <remarks>Runs on its grain's scheduler.</remarks>
internal sealed class EpochLoop
{
    private readonly RunSpec _spec;
    private readonly RunDataLease _data;
    private readonly StepParts _parts;
    private readonly RunProgress _progress;
    private readonly CheckpointKeeper _checkpoints;
    private readonly RunTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly RunResult _result;
    private readonly RowFollower? _follower;
    private readonly DataGuard _guard;
    private readonly StepLoop _steps;
    private readonly LocalRounds _rounds;
    private readonly Evaluation _evaluation;
    private EpochPlans _plans;
    private RunCursor _at;

    /// <summary>Prepares to train.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="data">Its data.</param>
    /// <param name="start">The chunk that comes next.</param>
    /// <param name="parts">What steps are made with.</param>
    /// <param name="progress">Records what is done.</param>
    /// <param name="result">Finds what the run leaves, and has the state written.</param>
    /// <param name="telemetry">Is notified.</param>
    /// <param name="follower">Brings in rows as they come; null for a run that has all of its data.</param>
    public EpochLoop(
        RunSpec spec, RunDataLease data, RunCursor start, StepParts parts, RunProgress progress, RunResult result,
        RunTelemetry telemetry, RowFollower? follower = null)
    {
        (_spec, _data, _at, _parts, _result, _follower) = (spec, data, start, parts, result, follower);
        (_progress, _checkpoints, _telemetry, _time) = (progress, result.Checkpoints, telemetry, progress.Time);
        (_plans, _guard) = (new(spec, data.Data), new(data));
        (_steps, _rounds, _evaluation) = (new(parts), new(spec, parts), new(spec.Train.Loss, data.Data, parts, telemetry, progress.Time));
    }

    /// <summary>Trains every epoch that is left, as long as early stopping does not end the run.</summary>
    /// <returns>Why the run ends before its last epoch, in words, empty where it does not; and what it leaves.</returns>
    /// <exception cref="RunLeftException">The run ended, was paused or goes elsewhere before its last epoch.</exception>
    public async Task<(string Message, RunOutput Output)> Train()
    {
        if (_spec.Limits?.Duration is not null)
            _progress.MeasureTraining();
        while (_at.Epoch < _spec.Train.Epochs && EndedEarly is null)
        {
            long started = _time.GetTimestamp();
            int epoch = _at.Epoch;
            using var span = _telemetry.Spans.BeginEpoch(_progress.Run, epoch, _progress.Generation);
            using var scope = _telemetry.OnEpoch(epoch);
            do
                await TrainChunks(epoch);
            while (await GrowsFurther());

            if (_parts.State.FindNotFinite() is { } found)
                throw new RunLeftException(RunState.Diverged, found);
            await Finish(epoch, started);
        }

        // Before the test, which comes after what a coordinator continues from that takes the run over in it.
        await _checkpoints.TakeAtRunEnd(_parts.State, _at);
        var output = await _result.Find() ?? RunOutput.Of(_parts.State);
        await Test(output);
        _progress.EnsureInForce();
        return (EndedEarly ?? "", output);
    }

    private string? EndedEarly => _spec.Train.EarlyStopping?.ReasonToEnd(
        _parts.State.Losses, _spec.Train.Epochs, _plans.HeldOut(HeldOutPart.Validation) is null ? "training" : "validation");

    /// <summary>Trains every chunk that is left of an epoch.</summary>
    private async Task TrainChunks(int epoch)
    {
        long chunks = _plans.Training(epoch).Steps;
        _progress.BeginEpoch(epoch, _at.Chunk, chunks);
        await _parts.Worker.Run(_guard.EnsureUnchanged);
        while (_at.Chunk < chunks)
        {
            await BetweenSteps();
            long began = _time.GetTimestamp();
            using var stepSpan = _telemetry.Spans.BeginStep(_parts.State.Step + 1, began);
            var at = new StepPosition(_parts.State.Step, _at.Epoch, _at.Chunk);
            _parts.Reducer.Commit.RateFactor = _plans.Training(epoch).RateFactor(at.Chunk);
            Take(_spec.Train.IsLocal ? await _rounds.Train(at, chunks, began)
                : await _steps.TrainStep(at, _spec.Train.ClosesUpdate(at.Chunk, chunks), began), began);
        }
    }

    /// <summary>Whether further chunks have come of a file that the run follows. Waits for them.</summary>
    private async Task<bool> GrowsFurther()
    {
        if (_follower is null || !await _follower.Next(BetweenSteps))
            return false;
        _plans = new(_spec, _data.Data);
        return true;
    }

    /// <summary>
    /// Has the committed state written, so that a coordinator after this one repeats nothing. Where that fails, an older one is taken.
    /// </summary>
    public Task Preserve() => _checkpoints.TakeLast(_parts.State, _at);

    private async Task BetweenSteps()
    {
        _parts.Control.ThrowIfAsked();
        if (_spec.Limits?.Reached(_progress.OwnSteps, _at.Epoch, _progress.Trained) is { } limit)
            throw new RunLeftException(new RunLeave(RunState.Stopped, limit) { IsLimit = true });
        await _parts.Recovery.MoveIfBetter(_parts.State);
        await _parts.Resizer.ResizeIfWished();
        await _checkpoints.TakeIfDue(_parts.State, _at);
        if (_progress.Room is { IsCompleted: false } room)
            await _parts.Control.OrLeave(room);
    }

    /// <summary>Continues behind the steps that were committed, and records them.</summary>
    private void Take(StepOutcome outcome, long started)
    {
        if (outcome is StepOutcome.Diverged diverged)
            throw new RunLeftException(RunState.Diverged, diverged.Message);
        IReadOnlyList<StepOutcome.Committed> steps = outcome is StepOutcome.Round round ? round.Steps : [(StepOutcome.Committed)outcome];

        // State and cursor advance together, whatever comes next: what is saved of the run must not be half of each.
        long sequenceSteps = TrainedSteps.Of(_spec, _data.Data.Shape, _plans.Training(_at.Epoch), _at.Chunk, steps);
        _at = _at with { Chunk = _at.Chunk + steps.Count };
        var took = _time.GetElapsedTime(started);
        _progress.Commit(_parts.State.Step - steps.Count + 1, _at.Epoch, steps, sequenceSteps, took);
        _telemetry.OnCommitted(steps, sequenceSteps, _parts.State, took);
    }

    /// <summary>Evaluates what is held out for the test, once, with the parameters that the run leaves.</summary>
    private async Task Test(RunOutput output)
    {
        if (_plans.HeldOut(HeldOutPart.Test) is not { } plan)
            return;
        long started = _time.GetTimestamp();
        var figures = LossReadings.OfTest(_spec, await _evaluation.Evaluate(HeldOutPart.Test, plan, isLast: true, output.Parameters));
        _progress.Test(figures, _time.GetElapsedTime(started));
    }

    /// <summary>Whether no evaluation may follow that of an epoch: its loss may end the run.</summary>
    private bool MayBeLast(int epoch) =>
        epoch + 1 == _spec.Train.Epochs || _spec.Train.EarlyStopping is not null || _spec.Limits is not null;

    private async Task Finish(int epoch, long started)
    {
        var held = _plans.HeldOut(HeldOutPart.Validation) is { } plan
            ? await _evaluation.Evaluate(HeldOutPart.Validation, plan, isLast: MayBeLast(epoch), _parts.State.Evaluated)
            : null;
        IReadOnlyList<Metric> lags = GradientLags.IsDue(_spec, epoch)
            ? await _parts.Worker.Run(() => GradientLags.Of(_spec, _data.Data, _parts.State.Parameters)) : [];
        double loss = _parts.State.FinishEpoch(held?.Loss);
        _progress.FinishEpoch(epoch, loss, held, [.. LossReadings.Of(_spec, loss, held), .. lags], _time.GetElapsedTime(started));
        _at = new(epoch + 1, 0);
        var status = _progress.Snapshot();
        await _checkpoints.TakeAtEpochEnd(_parts.State, _at, held is null ? status.EpochLosses : status.ValidationLosses);
    }
}
