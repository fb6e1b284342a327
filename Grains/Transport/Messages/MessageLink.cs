using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport.Messages;

/// <summary>Reaches the trainers of another silo by Orleans' messages.</summary>
/// <param name="service">The silo's end.</param>
/// <param name="orders">Which trainers, and the numbers of requests.</param>
/// <param name="parameters">The committed parameters.</param>
internal sealed class MessageLink(ITransportService service, ChunkOrders orders, SentParameters parameters) : ITrainerLink
{
    private readonly ChunkOrder _order = orders.Unnumbered;
    private (int Generation, long Step) _offered = (-1, -1);
    private Task _offering = Task.CompletedTask;

    public IReadOnlyList<int> Trainers => _order.Trainers;

    public IReadOnlyList<Subtree> Nodes { get; } = orders.Unnumbered.Nodes();

    public void Offer(int generation, long step, IReadOnlyList<Task>? ready)
    {
        if (!parameters.AreOffered || _offered == (generation, step))
            return;
        _offered = (generation, step);
        _offering = Send(generation, step, ready);
        _offering.Ignore();
    }

    public async Task<ChunkReply> Ask(ChunkWork work)
    {
        if (!parameters.AreOffered || !work.NeedsCommitted)
            return await service.Ask(new(orders.Next(), work));
        Offer(work.Generation, work.Step, ready: null);
        var reply = service.Ask(new(orders.Next(), work.With(GradientBuffer.Empty)));

        // A call that waits for parameters would wait for ever where they cannot be sent.
        var offering = _offering;
        if (await Task.WhenAny(reply, offering) == offering)
            await offering;
        return await reply;
    }

    public Task<SumBucket> FetchSum(int generation, long step, int bucket) => service.FetchSum(_order.Run, generation, step, bucket);

    public Task<IReadOnlyList<TrainerReply?>> Answers(int generation) => service.Answers(_order.Run, generation, orders.Last);

    public void Dispose()
    {
    }

    private async Task Send(int generation, long step, IReadOnlyList<Task>? ready)
    {
        var sent = new Queue<Task>();
        for (int bucket = 0; bucket < Buckets.Count(parameters.Length); bucket++)
        {
            if (ready is not null)
                await ready[bucket];
            if (sent.Count == Buckets.InFlight)
                await sent.Dequeue();
            sent.Enqueue(service.Offer(new(_order.Run, generation, step, parameters.Length, bucket, parameters.Bucket(bucket))));
        }

        await Task.WhenAll(sent);
    }
}
