using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// Rounds of steps that trainers make by themselves: a round is to them what a step is to the others, run whole or run again from the
/// committed state.
/// </summary>
/// <param name="spec">The run's spec, every size known.</param>
/// <param name="parts">What rounds are made with.</param>
internal sealed class LocalRounds(RunSpec spec, StepParts parts)
{
    /// <summary>Up to so many numbers a round is committed on the coordinator's scheduler.</summary>
    private const long InlineCommit = 1 << 17;

    /// <summary>Trains one round, and commits it or says why not.</summary>
    /// <param name="at">Its first chunk.</param>
    /// <param name="chunks">Chunks of the epoch.</param>
    /// <param name="started">When it began.</param>
    /// <exception cref="RunLeftException">The run shall end, or its trainers' own work fails.</exception>
    public async Task<StepOutcome> Train(StepPosition at, long chunks, long started)
    {
        int steps = spec.Train.Sync.RoundAt(at.Chunk, chunks);
        for (var trouble = new Recovery.Trouble(); ;)
        {
            var ticket =
                new RoundTicket(parts.Run.Generation, at.Step, at.Epoch, at.Chunk, steps, GradientBuffer.Wrap(parts.State.Parameters));
            var reply = await parts.Control.OrStop(parts.Trainers.TrainRound(ticket));
            if (reply.IsWhole)
                return await Commit(reply.Results);
            await parts.Recovery.Recover(reply, trouble, started, parts.State, steps);
        }
    }

    /// <summary>The state that a shard's optimizer begins a round with; it stays the committed state's memory.</summary>
    public static OptimizerState Optimizer(TrainerOptimizerState inner) =>
        new(inner.Count, [.. Enumerable.Range(0, inner.Names.Count).Select(index => GradientBuffer.Wrap(inner.Average(index)))]);

    private async Task<StepOutcome> Commit(IReadOnlyList<RoundContribution> contributions)
    {
        var state = parts.State;
        RoundResult[] results = [.. contributions.SelectMany(one => one.Shards).Select(one => new RoundResult(
            one.DifferenceSum.Memory, one.Hidden.Memory, one.LossSums, one.Weights,
            [.. one.Optimizer.Averages.Select(average => (ReadOnlyMemory<float>)average.Memory)], one.Optimizer.Count, one.NotFinite))];
        long numbers = results.Length * (1L + spec.Train.Optimizer.RunningAverages) * state.Layout.Length;
        var outcome = numbers <= InlineCommit ? state.CommitRound(results) : await parts.Worker.Run(() => state.CommitRound(results));
        foreach (var contribution in contributions)
        {
            foreach (var shard in contribution.Shards)
                shard.Release();
            if (contribution.Leaving)
                parts.Recovery.NoteLeaving();
        }

        return outcome;
    }
}
