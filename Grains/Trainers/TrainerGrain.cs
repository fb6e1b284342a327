using Microsoft.Extensions.Logging;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>A trainer's address in the cluster: what is asked of it, <see cref="Trainer"/> does.</summary>
// Random placement takes the coordinator's placement hint.
[RandomPlacement, GrainDirectory(GrainDirectoryName = AdoNetGrainDirectory.Name)]
internal sealed class TrainerGrain : Grain, ITrainerGrain
{
    private readonly SiloOccupants _silo;
    private readonly LocalTrainers _local;
    private readonly Trainer _trainer;
    private IDisposable? _presence;
    private bool _isSpare;

    public TrainerGrain(
        ShardFactory factory, SiloOccupants silo, LocalTrainers local, TrainingInstruments instruments, TimeProvider time,
        ILogger<Trainer> logger)
    {
        long index = this.GetPrimaryKeyLong(out string? place);
        var self = new SiloTrainer(TrainerPlace.Parse(place!).Run, (int)index);
        (_silo, _local) = (silo, local);
        _trainer = new(this.GetGrainId(), self, factory, silo, new(instruments, time, self.Run, self.Index), logger);
    }

    public async Task<TrainerReply> Assign(ShardAssignment assignment)
    {
        // A slot is taken while data and replica are being opened; nothing else changes before the trainer has taken the assignment: one of
        // a generation that is over must not make a trainer a spare, nor a spare a trainer.
        if (_presence is null)
            _trainer.Self.Slots = assignment.Spec.Train.Threads;
        var coming = assignment.IsSpare || (_presence is not null && !_isSpare) ? null : _silo.Enter(_trainer.Self);
        try
        {
            var reply = await _trainer.Assign(assignment);
            if (reply is not TrainerReady)
                return reply;
            _trainer.Self.Slots = assignment.Spec.Train.Threads;
            _local.Add(this.GetGrainId(), _trainer);
            if (assignment.IsSpare && (_presence is null || !_isSpare))
                coming = _silo.EnterSpare(_trainer.Self);
            if (coming is null)
                return reply;
            _presence?.Dispose();
            (_presence, _isSpare, coming) = (coming, assignment.IsSpare, null);
            return reply;
        }
        finally
        {
            // However the assignment ends: a slot that nobody works in must not stay taken.
            coming?.Dispose();
        }
    }

    public Task<TrainerReply> TrainChunk(StepTicket ticket) => _trainer.TrainChunk(ticket);

    public Task<TrainerReply> TrainRound(RoundTicket ticket) => _trainer.TrainRound(ticket);

    public Task GiveUpRound(int generation, long step)
    {
        _trainer.GiveUpRound(generation, step);
        return Task.CompletedTask;
    }

    // The call itself is what keeps the grain: Orleans counts from it.
    public Task KeepAlive() => Task.CompletedTask;

    public Task<TrainerReply> EvaluateChunk(EvaluationTicket ticket) => _trainer.EvaluateChunk(ticket);

    public Task<TrainerReply> FindLargest(int generation, long step) => _trainer.FindLargest(generation, step);

    public Task Release(int generation)
    {
        if (_trainer.Release(generation))
            DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        try
        {
            await _trainer.Close().WaitAsync(cancellationToken);
        }
        finally
        {
            _local.Remove(this.GetGrainId(), _trainer);
            _presence?.Dispose();
        }
    }
}
