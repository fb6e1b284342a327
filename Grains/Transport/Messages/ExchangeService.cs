using Microsoft.Extensions.Logging;
using Orleans.Runtime.Services;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport.Messages;

/// <inheritdoc cref="IExchangeService"/>
internal sealed class ExchangeService(GrainId id, Runtime.Silo silo, ILoggerFactory loggers, RunExchanges exchanges, ChannelListener channels)
    : GrainService(id, silo, loggers), IExchangeService
{
    public Task<ChannelOffer?> OpenChannel(RunId run) => Task.FromResult(channels.Offer(run));

    public Task Offer(ParameterBucket bucket)
    {
        exchanges.Of(bucket.Run).Offer(bucket);
        return Task.CompletedTask;
    }

    public Task<ExchangeReply> TrainChunk(ExchangeOrder order, StepTicket ticket) => exchanges.Of(order.Run).TrainChunk(order, ticket);

    public Task<ExchangeReply> EvaluateChunk(ExchangeOrder order, EvaluationTicket ticket, long step) =>
        exchanges.Of(order.Run).EvaluateChunk(order, ticket, step);

    public Task<SumBucket> Collect(RunId run, int generation, long step, int bucket) => exchanges.Of(run).Collect(generation, step, bucket);

    public Task<IReadOnlyList<TrainerReply?>> Answers(RunId run, int generation, long number) =>
        Task.FromResult(exchanges.Of(run).Answers(generation, number));

    public Task<IReadOnlyList<GradientExtreme>> FindLargest(RunId run, int generation, long step) =>
        Task.FromResult(exchanges.Of(run).FindLargest(generation, step));
}

/// <summary>The exchanges of the runs that have trainers on this silo.</summary>
internal sealed class RunExchanges
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<RunId, RunExchange> _runs = [];
    private readonly IGrainFactory _grains;
    private readonly SiloSelf _self;
    private readonly SiloOccupants _occupants;

    /// <summary>Begins without any; a run's last trainer takes its exchange with it.</summary>
    public RunExchanges(IGrainFactory grains, SiloSelf self, SiloOccupants occupants)
    {
        (_grains, _self, _occupants) = (grains, self, occupants);
        occupants.LastTrainerLeft += run => _runs.TryRemove(run, out _);
    }

    /// <summary>The exchange of a run.</summary>
    public RunExchange Of(RunId run) => _runs.GetOrAdd(run, _ => new(_grains, _occupants, _self.Title));
}

/// <summary>Reaches the exchange of a silo.</summary>
internal sealed class ExchangeClient(IServiceProvider services) : GrainServiceClient<IExchangeService>(services)
{
    /// <summary>The exchange on a silo; calls fail when the silo is dead.</summary>
    public IExchangeService On(SiloAddress silo) => GetGrainService(silo);
}
