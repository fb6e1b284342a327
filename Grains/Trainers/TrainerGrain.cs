using Microsoft.Extensions.Logging;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>Orders a trainer's calls, fences old generations, and hands the work to the trainer's thread.</summary>
// Random placement takes the coordinator's placement hint.
[RandomPlacement, GrainDirectory(GrainDirectoryName = AdoNetGrainDirectory.Name)]
internal sealed partial class TrainerGrain : Grain, ITrainerGrain
{
    private readonly ShardFactory _factory;
    private readonly SiloOccupants _silo;
    private readonly ILogger<TrainerGrain> _logger;
    private readonly ShardHost _host;
    private readonly Occupant _self;
    private IDisposable? _presence;
    private WorkerThread? _thread;

    public TrainerGrain(ShardFactory factory, SiloOccupants silo, ILogger<TrainerGrain> logger)
    {
        (_factory, _silo, _logger, _host) = (factory, silo, logger, new(factory));
        long index = this.GetPrimaryKeyLong(out string? place);
        _self = new(this.GetGrainId(), new(TrainerPlace.Parse(place!).Run, (int)index));
    }

    public Task<TrainerReply> Assign(ShardAssignment assignment)
    {
        _presence ??= _silo.Enter(_self);
        return Do(assignment.Generation, () => _host.Assign(assignment));
    }

    public async Task<TrainerReply> TrainChunk(StepTicket ticket)
    {
        var reply = await Do(ticket.Generation, () => _host.Train(ticket));
        if (reply is not Contribution contribution)
            return reply;
        _thread?.Run(() => Prefetched(ticket)).Ignore();
        return _silo.IsLeaving ? contribution with { Leaving = true } : contribution;
    }

    public async Task<TrainerReply> EvaluateChunk(EvaluationTicket ticket)
    {
        var reply = await Do(ticket.Generation, () => _host.Evaluate(ticket));
        return reply is EvaluationResult result && _silo.IsLeaving ? result with { Leaving = true } : reply;
    }

    public Task Release(int generation)
    {
        if (generation >= _self.Generation)
            DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        try
        {
            if (_thread is not { } thread)
                return;
            _thread = null;
            var closed = thread.Run(() =>
            {
                _host.Close();
                return true;
            });
            thread.Dispose();
            await closed.WaitAsync(cancellationToken);
        }
        finally
        {
            _presence?.Dispose();
        }
    }

    private async Task<TrainerReply> Do(int generation, Func<TrainerReply> work)
    {
        if (generation < _self.Generation)
            return new Refusal($"generation {generation} is over: generation {_self.Generation} has begun", _self.Generation);
        _self.Generation = generation;
        _thread ??= new($"trainer {_self.Key.Key}");
        try
        {
            return await _thread.Run(work);
        }
#pragma warning disable CA1031 // A trainer's failure is an answer: the coordinator decides what becomes of the run.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e, _self.Key);
            return new TrainerFault($"{_factory.SiloName}: {e.Message}");
        }
    }

    private bool Prefetched(StepTicket ticket)
    {
        _host.Prefetch(ticket);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Trainer {Trainer} failed")]
    private partial void LogFailed(Exception exception, GrainId trainer);
}
