using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Rounds;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// Rounds of steps that trainers make by themselves: a round is to them what a step is to the others, run whole or run again from the committed state.
/// </summary>
internal sealed class LocalRounds(
    RunSpec spec, TrainingState state, RunProgress progress, TrainerGroup trainers, TrainerRecovery recovery, WorkerThread worker, RunControl control)
{
    /// <summary>Up to so many numbers a round is committed where the coordinator stands.</summary>
    private const long InlineCommit = 1 << 17;

    /// <summary>Trains one round, and commits it or says why not.</summary>
    /// <param name="at">Its first chunk.</param>
    /// <param name="chunks">Chunks of the epoch.</param>
    /// <param name="started">When it began.</param>
    /// <exception cref="RunLeftException">The run shall end, or its trainers' own work fails.</exception>
    public async Task<StepOutcome> Train(RunCursor at, long chunks, long started)
    {
        int steps = spec.Train.Sync.RoundAt(at.Chunk, chunks);
        for (var trouble = new TrainerRecovery.Trouble(); ;)
        {
            var ticket = new RoundTicket(progress.Generation, state.Step, at.Epoch, at.Chunk, steps, GradientBuffer.Wrap(state.Parameters));
            var reply = await control.OrStop(trainers.TrainRound(ticket));
            if (reply.IsWhole)
                return await Commit(reply.Results);
            await recovery.Recover(reply, trouble, started, state, steps);
        }
    }

    /// <summary>The state that a trainer's optimizer begins a round with; it stays the committed state's memory.</summary>
    public static OptimizerState Optimizer(TrainerOptimizerState inner) =>
        new(inner.Count, [.. Enumerable.Range(0, inner.Names.Count).Select(index => GradientBuffer.Wrap(inner.Average(index)))]);

    private async Task<StepOutcome> Commit(IReadOnlyList<RoundContribution> contributions)
    {
        RoundResult[] results = [.. contributions.Select(one => new RoundResult(
            one.DifferenceSum.Memory, one.Hidden.Memory, one.LossSums, one.Weights,
            [.. one.Optimizer.Averages.Select(average => (ReadOnlyMemory<float>)average.Memory)], one.Optimizer.Count, one.NotFinite))];
        long numbers = results.Length * (1L + spec.Train.Optimizer.RunningAverages) * state.Layout.Length;
        var outcome = numbers <= InlineCommit ? state.CommitRound(results) : await worker.Run(() => state.CommitRound(results));
        foreach (var contribution in contributions)
        {
            contribution.DifferenceSum.Dispose();
            contribution.Hidden.Dispose();
            contribution.Optimizer.Release();
            if (contribution.Leaving)
                recovery.NoteLeaving();
        }

        return outcome;
    }
}
