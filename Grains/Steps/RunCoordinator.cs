using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// Trains one run: tickets out, contributions in, commit; whatever fails in between leaves the committed state as it was, and the step is run
/// again.
/// </summary>
/// <remarks>Runs on its grain's scheduler; only <see cref="RunProgress"/> is seen from outside.</remarks>
internal sealed class RunCoordinator(
    RunSpec spec, IDataSource data, TrainingState state, RunCursor start, RunProgress progress, TrainerGroup trainers, SentParameters sent, SiloLinks links, StepSum sum,
    TrainerRecovery recovery, CheckpointKeeper checkpoints, DataGuard guard, RunTelemetry telemetry, WorkerThread worker, RunControl control, TimeProvider time)
{
    private readonly EpochPlans _plans = new(spec, data);
    private readonly LocalRounds _rounds = new(spec, state, progress, trainers, recovery, worker, control);
    private RunCursor _at = start;

    /// <summary>Trains every epoch that is left.</summary>
    /// <exception cref="RunLeftException">The run ended, was paused or goes elsewhere before its last epoch.</exception>
    public async Task Train()
    {
        while (_at.Epoch < spec.Train.Epochs)
        {
            long started = time.GetTimestamp();
            int epoch = _at.Epoch;
            long chunks = _plans.Training(epoch).Steps;
            using var span = telemetry.Spans.BeginEpoch(progress.Run, epoch, progress.Generation);
            using var scope = telemetry.OnEpoch(epoch);
            progress.BeginEpoch(epoch, _at.Chunk, chunks);
            await worker.Run(guard.EnsureUnchanged);
            while (_at.Chunk < chunks)
            {
                await BetweenSteps();
                long began = time.GetTimestamp();
                using var stepSpan = telemetry.Spans.BeginStep(state.Step + 1, began);
                Take(spec.Train.IsLocal ? await _rounds.Train(_at, chunks, began) : await TrainStep(began), began);
            }

            if (state.FindNotFinite() is { } found)
                throw new RunLeftException(RunState.Diverged, found);
            double? validationLoss = await Evaluate();
            double loss = state.FinishEpoch();
            var metrics = LossReadings.Of(spec, data, loss, validationLoss);
            progress.FinishEpoch(epoch, loss, validationLoss, metrics, time.GetElapsedTime(started));
            _at = new(epoch + 1, 0);
            var status = progress.Snapshot();
            await checkpoints.TakeAtEpochEnd(state, _at, validationLoss is null ? status.EpochLosses : status.ValidationLosses);
        }

        progress.EnsureInForce();
    }

    /// <summary>Has the committed state written, so that whoever goes on with the run repeats nothing. Where that fails, an older one has to do.</summary>
    public Task Preserve() => checkpoints.TakeLast(state, _at);

    private async Task BetweenSteps()
    {
        control.ThrowIfAsked();
        await recovery.MoveIfBetter(state);
        await checkpoints.TakeIfDue(state, _at);
        if (progress.Room is { IsCompleted: false } room)
            await control.OrLeave(room);
    }

    private async Task<StepOutcome> TrainStep(long started)
    {
        for (var trouble = new TrainerRecovery.Trouble(); ;)
        {
            // Trainers in this silo read these very parameters; they stay as they are until every contribution is in.
            var ticket = new StepTicket(progress.Generation, state.Step, _at.Epoch, _at.Chunk, sent.Whole);
            var reply = await control.OrStop(trainers.TrainChunk(ticket));
            if (!reply.IsWhole)
            {
                await recovery.Recover(reply, trouble, started, state);
                continue;
            }

            if (sum.Commit.IsFinite)
                return await Commit(reply.Results);
            var largest = await control.OrStop(trainers.FindLargest(ticket, reply.Results));
            if (largest.IsWhole)
                return sum.Commit.Diverge([.. largest.Results.Select(one => one.Gradient)]);
            await recovery.Recover(largest, trouble, started, state);
        }
    }

    private async Task<StepOutcome> Commit(IReadOnlyList<Contribution> contributions)
    {
        var committed = sum.IsSmall ? sum.Commit.Update() : await UpdateAndFeed();
        foreach (var contribution in contributions)
        {
            contribution.GradientSum.Dispose();
            contribution.Hidden.Dispose();
            if (contribution.Leaving)
                recovery.NoteLeaving();
        }

        return committed;
    }

    /// <summary>Goes on behind the steps that were committed, and tells them.</summary>
    private void Take(StepOutcome outcome, long started)
    {
        if (outcome is StepOutcome.Diverged diverged)
            throw new RunLeftException(RunState.Diverged, diverged.Message);
        IReadOnlyList<StepOutcome.Committed> steps = outcome is StepOutcome.Round round ? round.Steps : [(StepOutcome.Committed)outcome];

        // State and cursor move on together, whatever comes next: what is saved of the run must not be half of each.
        _at = _at with { Chunk = _at.Chunk + steps.Count };
        var (elements, took) = (Math.Max(1, data.Shape.TargetFeatures), time.GetElapsedTime(started));
        progress.Commit(state.Step - steps.Count + 1, _at.Epoch, steps, elements, took);
        telemetry.OnCommitted(steps, elements, state, took);
    }

    /// <summary>Parameters leave for the next step as soon as they are updated, while those behind them still are.</summary>
    private Task<StepOutcome.Committed> UpdateAndFeed()
    {
        TaskCompletionSource[] updated =
            [.. Enumerable.Range(0, sum.Commit.Pieces).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        links.Feed(progress.Generation, state.Step + 1, [.. updated.Select(one => one.Task)]);
        return worker.Run(() => sum.Commit.Update(piece => updated[piece].SetResult()));
    }

    /// <summary>
    /// The mean loss over the held-out elements; begun again from its first chunk when a trainer is lost on the way, or moves.
    /// </summary>
    private async Task<double?> Evaluate()
    {
        if (_plans.Evaluation is not { } plan)
            return null;
        long started = time.GetTimestamp();
        using var span = telemetry.Spans.BeginEvaluation();
        double lossSum = 0, weight = 0;
        var trouble = new TrainerRecovery.Trouble();
        for (long chunk = 0; chunk < plan.Steps;)
        {
            control.ThrowIfAsked();
            if (await recovery.MoveIfBetter(state))
                (chunk, lossSum, weight) = (0, 0, 0);
            long began = time.GetTimestamp();
            var parameters = chunk == 0 ? sent.Whole : GradientBuffer.Empty;
            var reply = await control.OrStop(trainers.EvaluateChunk(new(progress.Generation, chunk, parameters), state.Step));
            if (!reply.IsWhole)
            {
                await recovery.Recover(reply, trouble, started, state);
                (chunk, lossSum, weight) = (0, 0, 0);
                continue;
            }

            telemetry.OnEvaluated(time.GetElapsedTime(began));
            if (reply.Results.Any(result => result.Leaving))
                recovery.NoteLeaving();
            lossSum += PairwiseTree.Sum([.. reply.Results.Select(result => result.LossSum)]);
            weight += PairwiseTree.Sum([.. reply.Results.Select(result => result.Weight)]);
            chunk++;
        }

        double loss = lossSum / weight;
        return double.IsFinite(loss) ? loss : throw new RunLeftException(RunState.Diverged, $"step {state.Step}: the validation loss is {loss}");
    }
}
