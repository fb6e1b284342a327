using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>
/// Trains one run: tickets out, contributions in, commit; whatever fails in between leaves the committed state as it was, and the step is run
/// again.
/// </summary>
/// <remarks>Runs on its grain's scheduler; only <see cref="RunProgress"/> is seen from outside.</remarks>
internal sealed class RunCoordinator(
    RunSpec spec, IDataSource data, TrainingState state, RunCursor start, RunProgress progress, TrainerGroup trainers, TrainerRecovery recovery,
    CheckpointKeeper checkpoints, DataGuard guard, WorkerThread worker, RunControl control, TimeProvider time)
{
    /// <summary>Up to so many gradient elements a step is committed where the coordinator stands.</summary>
    private const long InlineCommit = 1 << 17;

    private readonly EpochPlans _plans = new(spec, data);
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
            progress.BeginEpoch(epoch, _at.Chunk, chunks);
            await worker.Run(guard.EnsureUnchanged);
            while (_at.Chunk < chunks)
            {
                await BetweenSteps();
                await TrainStep();
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
            await control.OrLeave(room.ContinueWith(_ => true, TaskScheduler.Default));
    }

    private async Task TrainStep()
    {
        long started = time.GetTimestamp();
        for (var trouble = new TrainerRecovery.Trouble(); ;)
        {
            // Trainers in this silo read these very parameters; they stay as they are until every contribution is in.
            var ticket = new StepTicket(progress.Generation, state.Step, _at.Epoch, _at.Chunk, GradientBuffer.Wrap(state.Parameters));
            var reply = await control.OrStop(trainers.TrainChunk(ticket));
            if (reply.IsWhole)
            {
                await Commit(reply.Results, started);
                return;
            }

            await recovery.Recover(reply, trouble, started, state);
        }
    }

    private async Task Commit(IReadOnlyList<Contribution> contributions, long started)
    {
        ShardResult[] results = [.. contributions.Select(one => new ShardResult(one.GradientSum.Memory, one.Hidden.Memory, one.LossSum, one.Weight))];

        // A small commit is over before a thread could be woken for it; a large one would hold up the silo's other grains.
        var outcome = (long)state.Layout.Length * results.Length <= InlineCommit ? state.Commit(results) : await worker.Run(() => state.Commit(results));
        foreach (var contribution in contributions)
        {
            contribution.GradientSum.Dispose();
            contribution.Hidden.Dispose();
            if (contribution.Leaving)
                recovery.NoteLeaving();
        }

        switch (outcome)
        {
            case StepOutcome.Committed committed:
                // State and cursor move on together, whatever comes next: what is saved of the run must not be half of each.
                _at = _at with { Chunk = _at.Chunk + 1 };
                long sequenceSteps = (long)committed.Weight / Math.Max(1, data.Shape.TargetFeatures);
                progress.Commit(state.Step, _at.Epoch, committed, sequenceSteps, time.GetElapsedTime(started));
                break;
            case StepOutcome.Diverged diverged:
                throw new RunLeftException(RunState.Diverged, diverged.Message);
        }
    }

    /// <summary>
    /// The mean loss over the held-out elements; begun again from its first chunk when a trainer is lost on the way, or moves.
    /// </summary>
    private async Task<double?> Evaluate()
    {
        if (_plans.Evaluation is not { } plan)
            return null;
        long started = time.GetTimestamp();
        double lossSum = 0, weight = 0;
        var trouble = new TrainerRecovery.Trouble();
        for (long chunk = 0; chunk < plan.Steps;)
        {
            control.ThrowIfAsked();
            if (await recovery.MoveIfBetter(state))
                (chunk, lossSum, weight) = (0, 0, 0);
            var parameters = chunk == 0 ? GradientBuffer.Wrap(state.Parameters) : GradientBuffer.Empty;
            var reply = await control.OrStop(trainers.EvaluateChunk(new(progress.Generation, chunk, parameters)));
            if (!reply.IsWhole)
            {
                await recovery.Recover(reply, trouble, started, state);
                (chunk, lossSum, weight) = (0, 0, 0);
                continue;
            }

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
