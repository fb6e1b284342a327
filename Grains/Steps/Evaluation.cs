using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>Has the trainers run the held-out sequences, chunk by chunk.</summary>
/// <param name="loss">Says what is predicted.</param>
/// <param name="data">The data.</param>
/// <param name="parts">What it is made with.</param>
/// <param name="telemetry">Is notified.</param>
/// <param name="time">The clock.</param>
internal sealed class Evaluation(LossSpec loss, IDataSource data, StepParts parts, RunTelemetry telemetry, TimeProvider time)
{
    /// <summary>
    /// The mean loss over the held-out elements, and the errors in the data's units; begun again from its first chunk when a trainer is
    /// lost meanwhile, or moves.
    /// </summary>
    /// <param name="part">The part that is held out.</param>
    /// <param name="plan">Its chunks.</param>
    /// <param name="isLast">Whether it is the last evaluation of the part.</param>
    /// <param name="parameters">What is evaluated: the committed parameters, or others.</param>
    /// <exception cref="RunLeftException">The loss is not finite, or something else is wanted of the run.</exception>
    public async Task<HeldOutFigures> Evaluate(HeldOutPart part, ChunkPlan plan, bool isLast, float[] parameters)
    {
        var (state, recovery) = (parts.State, parts.Recovery);
        long started = time.GetTimestamp();
        using var span = telemetry.Spans.BeginEvaluation();
        double lossSum = 0, weight = 0;
        var totals = new EvaluationTotals(data, part, plan.Lanes, loss);
        var trouble = new Recovery.Trouble();
        bool areCommitted = parameters == state.Parameters;
        for (long chunk = 0; chunk < plan.Steps;)
        {
            parts.Control.ThrowIfAsked();
            if (await recovery.MoveIfBetter(state))
                (chunk, lossSum, weight, totals) = (0, 0, 0, new(data, part, plan.Lanes, loss));
            long began = time.GetTimestamp();
            var sent = chunk == 0 ? parts.Links.Parameters.Of(parameters) : GradientBuffer.Empty;
            var ticket = new EvaluationTicket(parts.Run.Generation, chunk, sent, part);
            var reply = await parts.Control.OrStop(parts.Trainers.EvaluateChunk(ticket, state.Step, areCommitted));
            if (!reply.IsWhole)
            {
                await recovery.Recover(reply, trouble, started, state);
                (chunk, lossSum, weight, totals) = (0, 0, 0, new(data, part, plan.Lanes, loss));
                continue;
            }

            telemetry.OnEvaluated(time.GetElapsedTime(began));
            if (reply.Results.Any(result => result.Leaving))
                recovery.NoteLeaving();
            lossSum += PairwiseTree.Sum([.. reply.Results.SelectMany(result => result.LossSums)]);
            weight += PairwiseTree.Sum([.. reply.Results.SelectMany(result => result.Weights)]);
            foreach (var sums in reply.Results.Select(result => result.Sums).OfType<EvaluatedGroups>())
                totals.Take(new(sums.Groups, sums.Values));
            chunk++;
        }

        if (!double.IsFinite(lossSum / weight))
        {
            throw new RunLeftException(
                RunState.Diverged, $"step {state.Step}: the {EvaluationReport.WordOf(part)} loss is {lossSum / weight}");
        }

        if (EvaluationReport.HasAll(totals))
            return EvaluationReport.Of(totals, lossSum, weight);

        // Of a million series, it takes a second to find the worst and to write all.
        return await parts.Worker.Run(() =>
        {
            parts.Run.WriteTable(totals, isLast);
            return EvaluationReport.Of(totals, lossSum, weight);
        });
    }
}
