using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// A run's trainers as its coordinator sees them: asks all, waits for all, and says which did not answer. Which trainer answered first
/// never shows: results stand in order of trainer.
/// </summary>
internal sealed partial class TrainerGroup(Roster roster, TrainerLinks links, GradientReducer reducer, TimeProvider time, ILogger logger)
{
    private readonly StepDeadline _training = new(time);
    private readonly StepDeadline _evaluating = new(time);

    /// <summary>Who they are, and where.</summary>
    public Roster Roster => roster;

    /// <summary>Sends late tickets to spares, too; null where nobody does.</summary>
    public Speculator? Speculator { get; set; }

    /// <summary>The trainers have other shards from now on: how long they took for the former ones says nothing any more.</summary>
    public void ForgetPace()
    {
        _training.Forget();
        _evaluating.Forget();
    }

    /// <summary>Gives trainers their shards at the committed state.</summary>
    /// <param name="which">The trainers.</param>
    /// <param name="assign">Makes the call of one.</param>
    public Task<GroupReply<TrainerReady>> Assign(IReadOnlyList<int> which, Func<int, Task<TrainerReply>> assign)
    {
        var ask = Begin([.. which.Order()], TrainerState.Placing);
        foreach (int trainer in which)
            ask.Add([trainer], Alone(trainer, assign));
        return Answers<TrainerReady>(ask);
    }

    /// <summary>One step's contributions; their gradients are in the reducer's sum when the reply is whole.</summary>
    /// <param name="ticket">The ticket, with the parameters.</param>
    /// <param name="record">Takes down what they contribute, for an audit; null for none.</param>
    public Task<GroupReply<Contribution>> TrainChunk(StepTicket ticket, AuditRecord? record = null)
    {
        long step = reducer.Begin(record);
        var ask = Begin(roster.All, TrainerState.Training);
        links.Offer(ticket.Generation, ticket.Step);
        var work = new ChunkWork(ticket, null, ticket.Step);
        var asked = links.All;
        foreach (var link in asked)
            ask.Add(link.Trainers, link.Ask(work), () => link.Answers(ticket.Generation), reply => reducer.Take(step, link, reply, ticket));

        // What an audited step is compared with has to be the trainers' own.
        Action<TimeSpan, TimeSpan>? speculate = record is not null || Speculator is not { } speculator ? null
            : (elapsed, usual) => speculator.Speculate(new(ask, step, ticket), asked, elapsed, usual);
        return Answers<Contribution>(ask, _training, gather: contributions => reducer.Gather(step, contributions), speculate: speculate);
    }

    /// <summary>One round's contributions. When one of them cannot be had, the other trainers are asked to give the round up.</summary>
    public Task<GroupReply<RoundContribution>> TrainRound(RoundTicket ticket)
    {
        var ask = Begin(roster.All, TrainerState.Training);
        foreach (int trainer in roster.All)
            ask.Add([trainer], Alone(trainer, OrGiveUp));
        return Answers<RoundContribution>(ask, _training, ticket.Chunks);

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
    /// <param name="areCommitted">Whether they are those of the committed state, which links may offer ahead.</param>
    public Task<GroupReply<EvaluationResult>> EvaluateChunk(EvaluationTicket ticket, long step, bool areCommitted)
    {
        var ask = Begin(roster.All, TrainerState.Evaluating);
        if (ticket.Chunk == 0 && areCommitted)
            links.Offer(ticket.Generation, step);
        var work = new ChunkWork(null, ticket, step, HasOwn: !areCommitted);
        foreach (var link in links.All)
            ask.Add(link.Trainers, link.Ask(work), () => link.Answers(ticket.Generation));
        return Answers<EvaluationResult>(ask, _evaluating);
    }

    /// <summary>Each shard's largest gradient, after a step that is not finite.</summary>
    /// <param name="ticket">Its ticket.</param>
    public Task<GroupReply<LargestGradients>> FindLargest(StepTicket ticket)
    {
        var ask = Begin(roster.All, TrainerState.Waiting);
        foreach (int trainer in roster.All)
            ask.Add([trainer], Alone(trainer, one => roster[one].FindLargest(ticket.Generation, ticket.Step)));
        return Answers<LargestGradients>(ask);
    }

    /// <summary>Lets the trainers go. One that cannot be reached is gone already.</summary>
    public Task Release(int generation) => Task.WhenAll(roster.All.Select(async index =>
    {
        await roster[index].Release(generation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        roster.Set(index, TrainerState.Released);
    }));

    private GroupAsk Begin(IReadOnlyList<int> trainers, TrainerState busy) =>
        new(roster, trainers, busy, time, (e, trainer) => LogLost(e, roster.Run, trainer));

    private static async Task<ChunkReply> Alone(int trainer, Func<int, Task<TrainerReply>> call) => new([await call(trainer)], []);

    /// <summary>Waits for every answer, and has what they bring gathered, as long as the deadline allows.</summary>
    private async Task<GroupReply<T>> Answers<T>(
        GroupAsk ask, StepDeadline? deadline = null, int steps = 1, Func<IReadOnlyList<T>, Task>? gather = null,
        Action<TimeSpan, TimeSpan>? speculate = null) where T : TrainerReply
    {
        var done = new TaskCompletionSource();
        if (deadline is not null)
            Watch<T>(ask, deadline, done.Task, steps, speculate).Ignore();
        try
        {
            await ask.Answered();
            while (ask.Spared is { } spared)
                await spared;
            ask.TakeAll();
            if (gather is not null && ask.Replies.All(reply => reply is T))
                await Gather(ask, gather);
            return new(ask.Trainers, [.. ask.Replies.Select(reply => reply!)]);
        }
        finally
        {
            done.SetResult();
            Speculator?.End(ask);
        }
    }

    private async Task Gather<T>(GroupAsk ask, Func<IReadOnlyList<T>, Task> gather) where T : TrainerReply
    {
        var gathering = gather([.. ask.Replies.Cast<T>()]);
        gathering.Ignore();
        if (await Task.WhenAny(gathering, ask.Over) == ask.Over)
            return;
        try
        {
            await gathering;
        }
#pragma warning disable CA1031 // However it fails, what the silo's trainers gave is lost; the coordinator places them again.
        catch (Exception e) when (e is not OperationCanceledException && reducer.Missing.Count > 0)
#pragma warning restore CA1031
        {
            ask.Lose(reducer.Missing, e);
        }
    }

    /// <summary>
    /// Gives a request up when its time is over. Where nobody is missing then, the coordinator itself was slow: frozen, maybe, and nothing
    /// less than all of it is a step.
    /// </summary>
    private async Task Watch<T>(GroupAsk ask, StepDeadline deadline, Task done, int steps, Action<TimeSpan, TimeSpan>? speculate)
    {
        do
        {
            if (await deadline.Wait(done, ask.MarkLate, steps, speculate) is { } lost)
                await ask.GiveUp(reducer.Missing, lost);
        }
        while (!done.IsCompleted && ask.Replies.All(reply => reply is T));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run}: trainer {Trainer} does not answer")]
    private partial void LogLost(Exception exception, RunId run, int trainer);
}
