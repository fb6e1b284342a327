using Microsoft.Extensions.Logging;
using Orleans.Runtime.Services;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport.Messages;

/// <inheritdoc cref="ITransportService"/>
internal sealed class TransportService(
    GrainId id, Runtime.Silo silo, ILoggerFactory loggers, MessagedRuns runs, ConnectionListener connections)
    : GrainService(id, silo, loggers), ITransportService
{
    public Task<ConnectionOffer?> OpenConnection(RunId run) => Task.FromResult(connections.Offer(run));

    public Task Offer(ParameterBucket bucket)
    {
        runs.Of(bucket.Run).Offer(bucket);
        return Task.CompletedTask;
    }

    public Task<ChunkReply> Ask(ChunkRequest request) => runs.Of(request.Order.Run).Ask(request);

    public Task<SumBucket> FetchSum(RunId run, int generation, long step, int bucket) => runs.Of(run).FetchSum(generation, step, bucket);

    public Task<IReadOnlyList<TrainerReply?>> Answers(RunId run, int generation, long number) =>
        Task.FromResult(runs.Of(run).Trainers.SoFar(generation, number));
}

/// <summary>Reaches the transport service of a silo.</summary>
internal sealed class TransportClient(IServiceProvider services) : GrainServiceClient<ITransportService>(services)
{
    /// <summary>The service on a silo; calls fail when the silo is dead.</summary>
    public ITransportService On(SiloAddress silo) => GetGrainService(silo);
}
