using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>
/// A run's trainers on this silo, for a coordinator on another one: hands requests and parameters to them, and sums what they give.
/// </summary>
/// <remarks>
/// Called by the message service on its scheduler, and by a TCP connection on the connection's thread. A coordinator asks one thing at a
/// time.
/// </remarks>
internal sealed class RunTrainers(IGrainFactory grains, LocalTrainers local, string siloName)
{
    private readonly Lock _gate = new();
    private int _generation;
    private long _number;
    private ChunkAnswers? _last;

    /// <summary>The newest generation of the run that has asked here.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>Has trainers train on a chunk, or evaluate one, and waits for all of them.</summary>
    /// <param name="request">What is asked; its parameters are disposed of.</param>
    /// <param name="offered">The parameters, where the request has none and needs some.</param>
    /// <param name="where">Where the first trainer works; the others work on their own threads meanwhile.</param>
    /// <returns>The answers; null where the request is refused because a newer one was made.</returns>
    public async Task<ChunkAnswers?> Ask(ChunkRequest request, GradientBuffer? offered, Scheduling where)
    {
        var (order, work) = (request.Order, request.Work);
        if (Begin(order, work) is not { } answers)
            return null;
        var shared = work.With(offered ?? work.Parameters.Share());
        Func<bool> isWanted = () => IsLast(answers);
        for (int place = order.Trainers.Count - 1; place >= 0; place--)
        {
            // The first one is asked last, because it may work on this very thread.
            var scheduling = place == 0 ? where : Scheduling.OwnThread;
            var grain = Trainer(order, place);
            answers.Expect(place, local.Find(grain.GetGrainId()) is not { } trainer ? Call(grain, shared)
                : shared.Training is { } ticket ? trainer.TrainChunk(ticket, scheduling, isWanted)
                : trainer.EvaluateChunk(shared.Evaluation!, scheduling, isWanted));
        }

        await answers.All();
        work.Parameters.Dispose();
        return answers;
    }

    /// <summary>Reads the chunk behind a request's, where the first trainer of it worked inline.</summary>
    public void ReadAhead(ChunkRequest request)
    {
        if (request.Work.Training is { } ticket)
            local.Find(Trainer(request.Order, 0).GetGrainId())?.ReadAhead(ticket, Scheduling.Inline).GetAwaiter().GetResult();
    }

    /// <summary>The answers to the last training request.</summary>
    /// <exception cref="InvalidOperationException">That was another step.</exception>
    public ChunkAnswers Last(int generation, long step)
    {
        var last = Volatile.Read(ref _last);
        if (last is not null && (last.Generation, last.Step) == (generation, step))
            return last;
        string found = last is null ? "nothing" : $"step {last.Step} of generation {last.Generation}";
        throw new InvalidOperationException($"{siloName} trained last on {found}, asked for was step {step} of generation {generation}");
    }

    /// <summary>What the trainers have answered so far to the last request, if its number is the one that is meant; else empty.</summary>
    public IReadOnlyList<TrainerReply?> SoFar(int generation, long number) =>
        Volatile.Read(ref _last) is { } last && (last.Generation, last.Number) == (generation, number) ? last.SoFar : [];

    /// <summary>Whether no newer request has been made: only then may the memory for sums be used.</summary>
    public bool IsLast(ChunkAnswers answers) => Volatile.Read(ref _last) == answers;

    /// <summary>The reply to a request that is refused.</summary>
    public ChunkReply Refuse(ChunkRequest request)
    {
        int newest = Generation;
        var refusal = new Refusal($"generation {request.Work.Generation} is over: generation {newest} has begun", newest);
        return new([.. request.Order.Trainers.Select(_ => refusal)], []);
    }

    private ChunkAnswers? Begin(ChunkOrder order, ChunkWork work)
    {
        lock (_gate)
        {
            if ((work.Generation, order.Number).CompareTo((_generation, _number)) <= 0)
                return null;
            (_generation, _number) = (work.Generation, order.Number);
            return _last = new(order, work.Generation, work.Step);
        }
    }

    private ITrainerGrain Trainer(ChunkOrder order, int place) =>
        grains.GetGrain<ITrainerGrain>(order.Trainers[place], new TrainerPlace(order.Run, order.Places[place]).ToString());

    private async Task<TrainerReply> Call(ITrainerGrain trainer, ChunkWork work)
    {
        try
        {
            return await (work.Training is { } ticket ? trainer.TrainChunk(ticket) : trainer.EvaluateChunk(work.Evaluation!));
        }
#pragma warning disable CA1031 // However a call fails, the trainer is lost to this step; the coordinator places it again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return TrainerLost.By(e, siloName);
        }
    }
}
