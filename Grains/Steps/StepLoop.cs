using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// A step as a transaction: tickets out, contributions in, commit. Whatever fails in between leaves the committed state as it was, and the
/// step is run again.
/// </summary>
/// <param name="parts">What it is made with.</param>
internal sealed class StepLoop(StepParts parts)
{
    /// <summary>Trains one step until it is committed.</summary>
    /// <param name="at">Its chunk.</param>
    /// <param name="closesUpdate">Whether it is the last chunk of its update.</param>
    /// <param name="started">When it began.</param>
    /// <exception cref="RunLeftException">The run shall end, or its trainers' own work fails.</exception>
    public async Task<StepOutcome> TrainStep(StepPosition at, bool closesUpdate, long started)
    {
        parts.Reducer.Commit.ClosesUpdate = closesUpdate;
        for (var trouble = new Recovery.Trouble(); ;)
        {
            // Trainers on this silo read these very parameters; they stay as they are until every contribution is in.
            var ticket = new StepTicket(parts.Run.Generation, at.Step, at.Epoch, at.Chunk, parts.Links.Parameters.Whole);
            using var audit = await BeginAudit(ticket);
            var answers = parts.Trainers.TrainChunk(ticket, audit?.Record);
            await Task.WhenAny(answers, parts.Control.Stopped);
            parts.Control.ThrowIfStopped();
            var reply = await answers;
            if (!reply.IsWhole)
            {
                await parts.Recovery.Recover(reply, trouble, started, parts.State);
                continue;
            }

            // Before anything of it is committed, or said to be not finite: both may be the work of a silo that computes wrongly.
            if (await Judge(audit, reply.Results) is { } unlike)
            {
                await parts.Recovery.Settle(unlike, trouble, parts.State);
                continue;
            }

            if (parts.Reducer.Commit.IsFinite)
                return await Commit(reply.Results);
            var largest = await parts.Control.OrStop(parts.Trainers.FindLargest(ticket));
            if (largest.IsWhole)
                return parts.Reducer.Commit.Diverge(
                    [.. largest.Results.SelectMany(one => one.Shards).Select(one => new LargestGradient(one.Value, one.At))]);
            await parts.Recovery.Recover(largest, trouble, started, parts.State);
        }
    }

    private async Task<StepAudit?> BeginAudit(StepTicket ticket)
    {
        if (!parts.Auditor.HasReason)
            return null;
        var audit = await parts.Control.OrStop(parts.Auditor.Begin(ticket));
        parts.Auditor.WarnOfCrews();
        return audit;
    }

    /// <summary>Only what is known before the run is left is noted of an audit.</summary>
    private async Task<AuditFinding?> Judge(StepAudit? audit, IReadOnlyList<Contribution> contributions)
    {
        if (audit is null)
            return null;
        var verdict = await parts.Control.OrStop(audit.Judge(contributions));
        parts.Auditor.Note(verdict);
        return verdict.Finding;
    }

    private async Task<StepOutcome> Commit(IReadOnlyList<Contribution> contributions)
    {
        var outcome = parts.Reducer.IsSmall ? parts.Reducer.Commit.Update() : await UpdateAndOffer();
        foreach (var contribution in contributions)
        {
            contribution.Release();
            if (contribution.Leaving)
                parts.Recovery.NoteLeaving();
        }

        return outcome;
    }

    /// <summary>Parameters leave for the next step as soon as they are updated, while those behind them still are.</summary>
    private Task<StepOutcome> UpdateAndOffer()
    {
        var commit = parts.Reducer.Commit;
        TaskCompletionSource[] updated =
            [.. Enumerable.Range(0, commit.Pieces)
                .Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        parts.Links.Offer(parts.Run.Generation, parts.State.Step + 1, [.. updated.Select(one => one.Task)]);
        return parts.Worker.Run(() => commit.Update(piece => updated[piece].SetResult()));
    }
}
