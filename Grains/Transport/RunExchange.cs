using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>One run's exchange on a silo: hands parameters to the trainers here, and their sums to the coordinator.</summary>
/// <remarks>
/// Asked by the exchange service on its scheduler, call among call, and by a channel on a thread of its own, which may wait and do trainers' work (the methods
/// that end in <c>Here</c>). A coordinator asks one thing at a time, by one of the two ways.
/// </remarks>
internal sealed class RunExchange(IGrainFactory grains, SiloOccupants occupants, string siloName)
{
    private readonly Lock _gate = new();
    private readonly OfferedParameters _parameters = new();
    private readonly SumRoom _room = new();
    private int _generation;
    private long _number;
    private ExchangedStep? _last;

    /// <summary>Takes a bucket of parameters.</summary>
    public void Offer(ParameterBucket bucket)
    {
        if (bucket.Generation >= Volatile.Read(ref _generation))
            _parameters.Take(bucket);
        bucket.Values.Dispose();
    }

    /// <summary>Has trainers train on a chunk.</summary>
    public Task<ExchangeReply> TrainChunk(ExchangeOrder order, StepTicket ticket) => Ask(
        order, ticket.Generation, ticket.Step, ticket.Parameters, ticket.Parameters.Length == 0,
        (trainer, parameters) => trainer.TrainChunk(ticket with { Parameters = parameters }));

    /// <summary>Has trainers evaluate a chunk.</summary>
    public Task<ExchangeReply> EvaluateChunk(ExchangeOrder order, EvaluationTicket ticket, long step) => Ask(
        order, ticket.Generation, step, ticket.Parameters, ticket is { Chunk: 0, Parameters.Length: 0 },
        (trainer, parameters) => trainer.EvaluateChunk(ticket with { Parameters = parameters }));

    /// <summary>Has trainers train on a chunk; the caller waits, and works.</summary>
    /// <param name="order">Which trainers.</param>
    /// <param name="ticket">Their ticket.</param>
    /// <param name="sent">The parameters, where the ticket has none.</param>
    /// <param name="room">Where sums of a small model may be put.</param>
    /// <returns>The reply, and where it is no refusal, what was given.</returns>
    public (ExchangeReply Reply, ExchangedStep? Step) TrainChunkHere(ExchangeOrder order, StepTicket ticket, ReceivedParameters sent, SumRoom room)
    {
        var parameters = ticket.Parameters.Length == 0 ? sent.Of(ticket.Generation, ticket.Step) : ticket.Parameters.Share();
        var shared = ticket with { Parameters = parameters };
        var asked = AskHere(
            order, ticket.Generation, ticket.Step, (trainer, isWanted) => trainer.TrainChunkHere(shared, isWanted), (trainer, isWanted) => trainer.TrainChunk(shared, isWanted),
            trainer => trainer.TrainChunk(shared));
        ticket.Parameters.Dispose();
        return asked is null ? (Refused(order, ticket.Generation), null) : (asked.Reply(room), asked);
    }

    /// <summary>Has trainers evaluate a chunk; the caller waits, and works.</summary>
    public (ExchangeReply Reply, ExchangedStep? Step) EvaluateChunkHere(ExchangeOrder order, EvaluationTicket ticket, long step, ReceivedParameters sent)
    {
        var parameters = ticket is { Chunk: 0, Parameters.Length: 0 } ? sent.Of(ticket.Generation, step) : ticket.Parameters.Share();
        var shared = ticket with { Parameters = parameters };
        var asked = AskHere(
            order, ticket.Generation, step, (trainer, isWanted) => trainer.EvaluateChunkHere(shared, isWanted), (trainer, isWanted) => trainer.EvaluateChunk(shared, isWanted),
            trainer => trainer.EvaluateChunk(shared));
        ticket.Parameters.Dispose();

        // Losses alone: nothing is summed.
        return (asked?.Reply(new()) ?? Refused(order, ticket.Generation), null);
    }

    /// <summary>Has the chunk behind a ticket's read where <see cref="TrainChunkHere"/> trained.</summary>
    public void Prefetch(ExchangeOrder order, StepTicket ticket) => occupants.Find(Trainer(order, 0).GetGrainId())?.PrefetchHere(ticket);

    /// <summary>A bucket of the last step's sums.</summary>
    public async Task<SumBucket> Collect(int generation, long step, int bucket)
    {
        var last = Last(generation, step);
        var gradients = last.Gradients;

        // A lone trainer's gradient goes as it is; others are summed, which would hold up other runs' calls here.
        return new(gradients is { Count: > 1 } ? await Task.Run(() => last.Sums(bucket, _room)) : last.Sums(bucket, _room));
    }

    /// <summary>What the trainers have answered so far to the question asked last, if it is the one that is meant.</summary>
    public IReadOnlyList<TrainerReply?> Answers(int generation, long number) =>
        Volatile.Read(ref _last) is { } last && (last.Generation, last.Number) == (generation, number) ? last.Answers : [];

    /// <summary>Each trainer's largest gradient of the last step.</summary>
    public IReadOnlyList<GradientExtreme> FindLargest(int generation, long step) =>
    [
        .. (Last(generation, step).Gradients ?? []).Select(gradient => StepCommit.Largest(gradient.Span)).Select(one => new GradientExtreme(one.Value, one.At)),
    ];

    private async Task<ExchangeReply> Ask(
        ExchangeOrder order, int generation, long step, GradientBuffer parameters, bool areOffered, Func<ITrainerGrain, GradientBuffer, Task<TrainerReply>> call)
    {
        if (Begin(order, generation, step) is not { } asked)
            return Refused(order, generation);
        try
        {
            var shared = areOffered ? await _parameters.Of(generation, step) : parameters.Memory;
            await Task.WhenAll(order.Trainers.Select(async (_, place) =>
                asked.Take(place, await Answer(() => call(Trainer(order, place), GradientBuffer.Wrap(shared))))));

            // The room belongs to the question asked last.
            return IsLast(asked) ? asked.Reply(_room) : Refused(order, generation);
        }
        catch (OperationCanceledException)
        {
            return Refused(order, generation);
        }
        finally
        {
            parameters.Dispose();
        }
    }

    /// <summary>The first trainer works on the caller's thread, the others on theirs.</summary>
    private ExchangedStep? AskHere(
        ExchangeOrder order, int generation, long step, Func<ResidentTrainer, Func<bool>, TrainerReply> here,
        Func<ResidentTrainer, Func<bool>, Task<TrainerReply>> beside, Func<ITrainerGrain, Task<TrainerReply>> call)
    {
        if (Begin(order, generation, step) is not { } asked)
            return null;
        var others = Enumerable.Range(1, order.Trainers.Count - 1).Select(async place => asked.Take(place, await Answer(() => Start(place)))).ToArray();
        asked.Take(0, Answer(() => Resident(0) is { } first ? Task.FromResult(here(first, IsWanted)) : call(Trainer(order, 0))).GetAwaiter().GetResult());
        Task.WaitAll(others);
        return asked;

        bool IsWanted() => IsLast(asked);

        ResidentTrainer? Resident(int place) => occupants.Find(Trainer(order, place).GetGrainId());

        Task<TrainerReply> Start(int place) => Resident(place) is { } trainer ? beside(trainer, IsWanted) : call(Trainer(order, place));
    }

    /// <summary>Begins a question; null where a newer one was asked before.</summary>
    private ExchangedStep? Begin(ExchangeOrder order, int generation, long step)
    {
        lock (_gate)
        {
            if ((generation, order.Number).CompareTo((_generation, _number)) <= 0)
                return null;
            (_generation, _number) = (generation, order.Number);
            return _last = new(order, generation, step);
        }
    }

    private bool IsLast(ExchangedStep asked) => Volatile.Read(ref _last) == asked;

    private ITrainerGrain Trainer(ExchangeOrder order, int place) =>
        grains.GetGrain<ITrainerGrain>(order.Trainers[place], new TrainerPlace(order.Run, order.Places[place]).ToString());

    private async Task<TrainerReply> Answer(Func<Task<TrainerReply>> ask)
    {
        try
        {
            return await ask();
        }
#pragma warning disable CA1031 // However a call fails, the trainer is lost to this step; the coordinator places it again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return TrainerLost.By(e, siloName);
        }
    }

    private ExchangeReply Refused(ExchangeOrder order, int generation)
    {
        int newest = Volatile.Read(ref _generation);
        return new([.. order.Trainers.Select(_ => new Refusal($"generation {generation} is over: generation {newest} has begun", newest))], []);
    }

    private ExchangedStep Last(int generation, long step)
    {
        var last = Volatile.Read(ref _last);
        return last is not null && (last.Generation, last.Step) == (generation, step)
            ? last
            : throw new InvalidOperationException(
                $"{siloName} trained last on {(last is null ? "nothing" : $"step {last.Step} of generation {last.Generation}")}, asked for was step {step} of generation {generation}");
    }
}
