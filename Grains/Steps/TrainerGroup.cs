using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Grains.Transport.InProcess;
using Orleans.Tbptt.Grains.Transport.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// A run's trainers as its coordinator sees them: asks all, waits for all, and tells who did not answer. Which trainer answered first
/// never shows: results stand in order of trainer.
/// </summary>
internal sealed partial class TrainerGroup(TrainerRoster roster, TrainersBeside beside, SiloLinks links, StepSum sum, TimeProvider time, ILogger logger)
{
    private readonly StepDeadline _training = new(time);
    private readonly StepDeadline _evaluating = new(time);

    /// <summary>Who they are, and where.</summary>
    public TrainerRoster Roster => roster;

    /// <summary>Gives trainers their lanes at the committed state.</summary>
    /// <param name="which">The trainers.</param>
    /// <param name="assign">Makes the call of one.</param>
    public Task<GroupReply<TrainerReady>> Assign(IReadOnlyList<int> which, Func<int, Task<TrainerReply>> assign) =>
        Ask<TrainerReady>(TrainerState.Placing, [.. which.Select(trainer => Direct(trainer, assign))], deadline: null);

    /// <summary>One step's contributions; their gradients are in the step's sum when the reply is whole.</summary>
    /// <param name="ticket">The ticket, with the parameters.</param>
    public Task<GroupReply<Contribution>> TrainChunk(StepTicket ticket)
    {
        long begun = sum.Begin();
        links.Feed(ticket.Generation, ticket.Step);
        var sent = links.AreFed ? ticket with { Parameters = Messages.GradientBuffer.Empty } : ticket;
        return Ask<Contribution>(TrainerState.Training, Calls(ticket.Generation, trainer => beside.TrainChunk(trainer, ticket, links.OneIsBeside), async (link, order) =>
        {
            var reply = await link.TrainChunk(order, sent);
            sum.Take(begun, link, order, reply, ticket);
            return reply;
        }), _training, contributions => sum.Gather(begun, contributions));
    }

    /// <summary>One round's contributions. When one of them will not come, the other trainers are told to go no further.</summary>
    public Task<GroupReply<RoundContribution>> TrainRound(RoundTicket ticket)
    {
        return Ask<RoundContribution>(TrainerState.Training, [.. roster.All.Select(trainer => Direct(trainer, OrGiveUp))], _training, steps: ticket.Chunks);

        async Task<TrainerReply> OrGiveUp(int trainer)
        {
            TrainerReply? reply = null;
            try
            {
                return reply = await roster[trainer].TrainRound(ticket);
            }
            finally
            {
                if (reply is not (RoundContribution or RoundGivenUp))
                {
                    foreach (int other in roster.All.Where(other => other != trainer))
                        roster[other].GiveUpRound(ticket.Generation, ticket.Step).Ignore();
                }
            }
        }
    }

    /// <summary>One evaluation chunk's losses.</summary>
    /// <param name="ticket">The ticket; chunk 0 has the parameters.</param>
    /// <param name="step">Committed steps that led to them.</param>
    public Task<GroupReply<EvaluationResult>> EvaluateChunk(EvaluationTicket ticket, long step)
    {
        if (ticket.Chunk == 0)
            links.Feed(ticket.Generation, step);
        var sent = links.AreFed ? ticket with { Parameters = Messages.GradientBuffer.Empty } : ticket;
        return Ask<EvaluationResult>(TrainerState.Evaluating, Calls(
            ticket.Generation, trainer => beside.EvaluateChunk(trainer, ticket), (link, order) => link.EvaluateChunk(order, sent, step)), _evaluating);
    }

    /// <summary>Each trainer's largest gradient, after a step that is not finite.</summary>
    /// <param name="ticket">Its ticket.</param>
    /// <param name="contributions">Its contributions, in order.</param>
    public Task<GroupReply<LargestFound>> FindLargest(StepTicket ticket, IReadOnlyList<Contribution> contributions) => Ask<LargestFound>(
        TrainerState.Waiting,
        Calls(
            ticket.Generation,
            trainer => Task.FromResult<TrainerReply>(new LargestFound(StepCommit.Largest(contributions[trainer].GradientSum.Span))),
            async (link, order) => new([.. (await link.FindLargest(ticket.Generation, ticket.Step)).Select(one => new LargestFound(new(one.Value, one.At)))], [])),
        deadline: null);

    /// <summary>Lets the trainers go. One that cannot be reached is gone already.</summary>
    public Task Release(int generation) => Task.WhenAll(roster.All.Select(async index =>
    {
        await roster[index].Release(generation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        roster.Set(index, TrainerState.Released);
    }));

    private static TrainersCall Direct(int trainer, Func<int, Task<TrainerReply>> call) => new([trainer], async () => [await call(trainer)]);

    /// <summary>The calls by which every trainer is reached where it lives now.</summary>
    private IReadOnlyList<TrainersCall> Calls(
        int generation, Func<int, Task<TrainerReply>> direct, Func<SiloLink, ExchangeOrder, Task<ExchangeReply>> exchanged) =>
    [
        .. links.Routes.Select(route => route is { Link: { } link, Order: { } order }
            ? new(route.Trainers, async () => (await exchanged(link, order)).Replies, () => link.Answers(generation))
            : Direct(route.Trainers[0], direct)),
    ];

    private async Task<GroupReply<T>> Ask<T>(
        TrainerState busy, IReadOnlyList<TrainersCall> calls, StepDeadline? deadline, Func<IReadOnlyList<T>, Task>? gather = null, int steps = 1) where T : TrainerReply
    {
        var ask = new GroupAsk(roster, calls, busy, time, (e, trainer) => LogLost(e, roster.Run, trainer));
        var all = AskAndGather();
        if (deadline is null)
            await all;
        else
            await Within(deadline);
        return new(ask.Trainers, [.. ask.Replies.Select(reply => reply!)]);

        async Task Within(StepDeadline limit)
        {
            // Where time is up, nobody is missing and yet not all is added up, the coordinator itself was slow: frozen, maybe. Nothing less than the whole sum
            // is a step.
            do
            {
                if (await limit.Wait(all, ask.MarkLate, steps) is { } lost)
                    await ask.GiveUp(sum.Missing, lost);
            }
            while (!all.IsCompleted && IsWhole());

            if (all.IsCompleted)
                await all;
        }

        bool IsWhole() => ask.Replies.All(reply => reply is T);

        async Task AskAndGather()
        {
            await ask.Run();
            if (gather is null || !IsWhole())
                return;
            try
            {
                await gather([.. ask.Replies.Cast<T>()]);
            }
#pragma warning disable CA1031 // However it fails, what the silo's trainers gave is lost; the coordinator places them again.
            catch (Exception e) when (e is not OperationCanceledException && sum.Missing.Count > 0)
#pragma warning restore CA1031
            {
                ask.Lose(sum.Missing, e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run}: trainer {Trainer} does not answer")]
    private partial void LogLost(Exception exception, RunId run, int trainer);
}
