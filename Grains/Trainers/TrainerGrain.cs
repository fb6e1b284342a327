using Microsoft.Extensions.Logging;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>Orders a trainer's calls, fences old generations, and hands the work to the trainer's thread.</summary>
// Random placement takes the coordinator's placement hint.
[RandomPlacement, GrainDirectory(GrainDirectoryName = AdoNetGrainDirectory.Name)]
internal sealed partial class TrainerGrain(ShardFactory factory, ILogger<TrainerGrain> logger) : Grain, ITrainerGrain
{
    private readonly ShardHost _host = new(factory);
    private WorkerThread? _thread;
    private int _generation;

    public Task<TrainerReply> Assign(ShardAssignment assignment) =>
        Do(assignment.Generation, () => _host.Assign(assignment));

    public async Task<TrainerReply> TrainChunk(StepTicket ticket)
    {
        var reply = await Do(ticket.Generation, () => _host.Train(ticket));
        if (reply is Contribution)
            _thread?.Run(() => Prefetched(ticket)).Ignore();
        return reply;
    }

    public Task<TrainerReply> EvaluateChunk(EvaluationTicket ticket) => Do(ticket.Generation, () => _host.Evaluate(ticket));

    public Task Release(int generation)
    {
        if (generation >= _generation)
            DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
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

    private async Task<TrainerReply> Do(int generation, Func<TrainerReply> work)
    {
        if (generation < _generation)
            return new Refusal($"generation {generation} is over: generation {_generation} has begun", _generation);
        _generation = generation;
        _thread ??= new($"trainer {this.GetGrainId().Key}");
        try
        {
            return await _thread.Run(work);
        }
#pragma warning disable CA1031 // A trainer's failure is an answer: the coordinator decides what becomes of the run.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e, this.GetGrainId());
            return new TrainerFault($"{factory.SiloName}: {e.Message}");
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
