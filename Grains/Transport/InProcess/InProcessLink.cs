using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport.InProcess;

/// <summary>
/// Reaches one trainer on the coordinator's own silo: as an object, and by its grain where it has to be. Parameters and gradients are read
/// in place.
/// </summary>
/// <param name="trainer">The trainer.</param>
/// <param name="nodes">The nodes of the tree that its shards make up.</param>
/// <param name="grain">Its grain.</param>
/// <param name="local">The trainers on this silo.</param>
/// <param name="mayWorkInline">
/// Whether a chunk may be trained on before <see cref="Ask"/> returns: where it is small, and the coordinator has asked trainers elsewhere
/// and would only wait. Else the coordinator's scheduler would never be free for other calls.
/// </param>
internal sealed class InProcessLink(int trainer, IReadOnlyList<Subtree> nodes, ITrainerGrain grain, LocalTrainers local, bool mayWorkInline)
    : ITrainerLink
{
    private IReadOnlyList<GradientBuffer> _gradients = [];

    public IReadOnlyList<int> Trainers { get; } = [trainer];

    public IReadOnlyList<Subtree> Nodes => nodes;

    public void Offer(int generation, long step, IReadOnlyList<Task>? ready)
    {
        // They are read where they are.
    }

    public async Task<ChunkReply> Ask(ChunkWork work)
    {
        var resident = local.Find(grain.GetGrainId());
        if (work.Training is not { } ticket)
            return new([await (resident?.EvaluateChunk(work.Evaluation!) ?? grain.EvaluateChunk(work.Evaluation!))], []);
        if (resident is null)
            return Reply(await grain.TrainChunk(ticket));
        if (!mayWorkInline || !resident.WorksAnywhere || !resident.HasRead(ticket))
            return Reply(await resident.TrainChunk(ticket));
        var reply = await resident.TrainChunk(ticket, Scheduling.Inline);
        resident.ReadAhead(ticket).Ignore();
        return Reply(reply);
    }

    public Task<SumBucket> FetchSum(int generation, long step, int bucket) =>
        Task.FromResult(new SumBucket([.. _gradients.Select(one => GradientBuffer.Wrap(Buckets.Of(one.Memory, bucket), one.IsNarrow))]));

    public Task<IReadOnlyList<TrainerReply?>> Answers(int generation) => Task.FromResult<IReadOnlyList<TrainerReply?>>([null]);

    public void Dispose()
    {
    }

    private ChunkReply Reply(TrainerReply reply)
    {
        if (reply is not Contribution contribution)
            return new([reply], []);
        _gradients = contribution.GradientSums;
        bool areBuckets = Buckets.AreUsedFor(_gradients[0].Length);
        return new([reply], areBuckets ? [] : [.. _gradients.Select(one => one.Share())]);
    }
}
