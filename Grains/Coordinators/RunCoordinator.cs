using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>
/// Trains one run: tickets out, contributions in, commit; whatever fails in between leaves the committed state as it was, and the step is run
/// again.
/// </summary>
/// <remarks>Runs on its grain's scheduler; only <see cref="RunProgress"/> is seen from outside.</remarks>
internal sealed partial class RunCoordinator(
    RunProgress progress, TrainerGroup trainers, RunStore store, RunDataLease data, WorkerThread worker, StopSignal stop,
    TimeProvider time, ILogger logger)
{
    /// <summary>How often one step is tried when trainers' own work fails in it, and not their silos.</summary>
    private const int Attempts = 3;

    /// <summary>Up to so many gradient elements a step is committed where the coordinator stands.</summary>
    private const long InlineCommit = 1 << 17;

    /// <summary>How often trainers are placed again for one step, whatever happened to them: what cannot pass must not be sent for ever.</summary>
    private const int Placements = 10;

    private static readonly TimeSpan PlacementPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PlacementPatience = TimeSpan.FromMinutes(1);
    private readonly TrainingState _state = new(data.Spec);
    private readonly EpochPlans _plans = new(data.Spec, data.Data);

    /// <summary>Trains every epoch and writes the model at the end.</summary>
    /// <returns>The model's path.</returns>
    /// <exception cref="RunEndedException">The run ended before its last epoch.</exception>
    public async Task<string> Train()
    {
        progress.Begin(data.Spec, trainers, _state.Layout.Length, _plans.Training(0).Steps);
        await PlaceTrainers();
        for (int epoch = 0; epoch < data.Spec.Train.Epochs; epoch++)
        {
            long started = time.GetTimestamp();
            long chunks = _plans.Training(epoch).Steps;
            progress.BeginEpoch(epoch, chunks);
            for (long chunk = 0; chunk < chunks; chunk++)
            {
                stop.ThrowIfAsked();
                await TrainStep(epoch, chunk);
            }

            if (_state.FindNotFinite() is { } found)
                throw new RunEndedException(RunState.Diverged, found);
            double loss = _state.FinishEpoch();
            double? validationLoss = await Evaluate();
            var metrics = LossReadings.Of(data.Spec, data.Data, loss, validationLoss);
            progress.FinishEpoch(epoch, loss, validationLoss, metrics, time.GetElapsedTime(started));
        }

        progress.EnsureInForce();
        return await worker.Run(() => store.WriteResult(progress.Run, data.Spec, _state));
    }

    /// <summary>Lets the trainers go.</summary>
    public Task Release() => trainers.Release(progress.Generation);

    private async Task TrainStep(int epoch, long chunk)
    {
        long started = time.GetTimestamp();
        for (var trouble = new StepTrouble(); ;)
        {
            // Trainers in this silo read these very parameters; they stay as they are until every contribution is in.
            var ticket = new StepTicket(progress.Generation, _state.Step, epoch, chunk, GradientBuffer.Wrap(_state.Parameters));
            var reply = await stop.Or(trainers.TrainChunk(ticket));
            if (reply.IsWhole)
            {
                await Commit(epoch, reply.Results, started);
                return;
            }

            await Recover(reply, trouble, started);
        }
    }

    private async Task Commit(int epoch, IReadOnlyList<Contribution> contributions, long started)
    {
        ShardResult[] results = [.. contributions.Select(one => new ShardResult(one.GradientSum.Memory, one.Hidden.Memory, one.LossSum, one.Weight))];

        // A small commit is over before a thread could be woken for it; a large one would hold up the silo's other grains.
        var outcome = (long)_state.Layout.Length * results.Length <= InlineCommit ? _state.Commit(results) : await worker.Run(() => _state.Commit(results));
        foreach (var contribution in contributions)
        {
            contribution.GradientSum.Dispose();
            contribution.Hidden.Dispose();
        }

        switch (outcome)
        {
            case StepOutcome.Committed committed:
                long sequenceSteps = (long)committed.Weight / Math.Max(1, data.Data.Shape.TargetFeatures);
                progress.Commit(_state.Step, epoch, committed, sequenceSteps, time.GetElapsedTime(started));
                break;
            case StepOutcome.Diverged diverged:
                throw new RunEndedException(RunState.Diverged, diverged.Message);
        }
    }

    /// <summary>The mean loss over the held-out elements; begun again from its first chunk when a trainer is lost on the way.</summary>
    private async Task<double?> Evaluate()
    {
        if (_plans.Evaluation is not { } plan)
            return null;
        long started = time.GetTimestamp();
        double lossSum = 0, weight = 0;
        var trouble = new StepTrouble();
        for (long chunk = 0; chunk < plan.Steps;)
        {
            var parameters = chunk == 0 ? GradientBuffer.Wrap(_state.Parameters) : GradientBuffer.Empty;
            var reply = await stop.Or(trainers.EvaluateChunk(new(progress.Generation, chunk, parameters)));
            if (!reply.IsWhole)
            {
                await Recover(reply, trouble, started);
                (chunk, lossSum, weight) = (0, 0, 0);
                continue;
            }

            lossSum += PairwiseTree.Sum([.. reply.Results.Select(result => result.LossSum)]);
            weight += PairwiseTree.Sum([.. reply.Results.Select(result => result.Weight)]);
            chunk++;
        }

        double loss = lossSum / weight;
        return double.IsFinite(loss) ? loss : throw new RunEndedException(RunState.Diverged, $"step {_state.Step}: the validation loss is {loss}");
    }

    /// <summary>Places the trainers again at the committed state; gives up where their own work, and not their silos, keeps failing.</summary>
    /// <param name="reply">Who is missing, and why.</param>
    /// <param name="trouble">What has gone wrong with this step before.</param>
    /// <param name="started">When the tickets went out that were not answered.</param>
    private async Task Recover<T>(GroupReply<T> reply, StepTrouble trouble, long started) where T : TrainerReply
    {
        EnsureInForce(reply);
        if ((reply.HasFault && ++trouble.Faults >= Attempts) || ++trouble.Placements > Placements)
            throw new RunEndedException(RunState.Failed, reply.Reason);
        LogRecovering(progress.Run, _state.Step + 1, reply.Reason);

        // A new generation: what the last one left in flight must not be taken for an answer to this one.
        progress.TakeGeneration();
        await PlaceTrainers();
        progress.Recover(_state.Step + 1, reply.Missing, reply.Reason, time.GetElapsedTime(started));
    }

    private async Task PlaceTrainers()
    {
        long started = time.GetTimestamp();
        for (int faults = 0; ;)
        {
            var reply = await stop.Or(trainers.Assign(data.Spec, progress.Generation, _state));
            if (reply.IsWhole)
            {
                EnsureDevicesAreAlike(reply.Results);
                return;
            }

            EnsureInForce(reply);
            if ((reply.HasFault && ++faults >= Attempts) || time.GetElapsedTime(started) > PlacementPatience)
                throw new RunEndedException(RunState.Failed, reply.Reason);
            await Task.Delay(PlacementPause, time);
            progress.TakeGeneration();
        }
    }

    /// <summary>A CPU and a GPU round differently: where the trainers live would show in the result.</summary>
    private static void EnsureDevicesAreAlike(IReadOnlyList<TrainerReady> trainers)
    {
        string[] kinds = [.. trainers.Select(trainer => trainer.Device.Split(':')[0]).Distinct()];
        if (kinds.Length > 1)
        {
            throw new RunEndedException(
                RunState.Failed,
                $"the silos offer unlike devices, {string.Join(" and ", kinds)}, whose results differ in their last bits; set device to one of them");
        }
    }

    private void EnsureInForce<T>(GroupReply<T> reply) where T : TrainerReply
    {
        if (reply.NewestGeneration > progress.Generation)
            throw new RunEndedException(RunState.Failed, $"another coordinator has taken over with generation {reply.NewestGeneration}");
    }

    /// <summary>What has gone wrong with one step so far.</summary>
    private sealed class StepTrouble
    {
        public int Faults { get; set; }

        public int Placements { get; set; }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run}: step {Step} is run again: {Reason}")]
    private partial void LogRecovering(RunId run, long step, string reason);
}
