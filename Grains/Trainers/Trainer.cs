using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Grains.Trainers;

#pragma warning disable CA1031 // A trainer's failure is an answer: the coordinator decides what becomes of the run.

/// <summary>
/// A trainer that lives on this silo: refuses old generations, and works on its shards of the run, one call after another.
/// </summary>
/// <remarks>
/// Called by its grain and by this silo's end of a transport, so from any thread; all work waits for its turn on the trainer's thread.
/// </remarks>
internal sealed partial class Trainer
{
    private readonly ShardFactory _factory;
    private readonly SiloOccupants _silo;
    private readonly ILogger<Trainer> _logger;
    private readonly Lock _gate = new();
    private readonly ChunkTelemetry _telemetry;
    private WorkerThread? _thread;
    private OpenShards? _open;
    private bool _closed;
    private long _readyStep = -1;

    /// <summary>
    /// The epoch of the last ticket, counted from 0: what an evaluation that fails belongs to. −1 before the first one here.
    /// </summary>
    private volatile int _epoch = -1;

    // Read by the trainer's thread.
    private volatile Wanted _wanted = new(0, 0);

    /// <summary>A trainer that has no shards yet.</summary>
    public Trainer(GrainId key, SiloTrainer self, ShardFactory factory, SiloOccupants silo, ChunkTelemetry telemetry,
        ILogger<Trainer> logger)
    {
        (_factory, _silo, _telemetry, _logger) = (factory, silo, telemetry, logger);
        Self = new(key, self);
    }

    /// <summary>How the silo knows it.</summary>
    public Occupant Self { get; }

    /// <summary>Whether its work may be done on any thread: libtorch's scopes belong to one.</summary>
    public bool WorksAnywhere => _open?.Shards.Replica.IsBoundToThread == false;

    /// <summary>Whether the chunk of a ticket has been read already, so that training on it waits for no file.</summary>
    public bool HasRead(StepTicket ticket) => ticket.Chunk > 0 && Volatile.Read(ref _readyStep) == ticket.Step;

    /// <inheritdoc cref="ITrainerGrain.Assign"/>
    public async Task<TrainerReply> Assign(ShardAssignment assignment)
    {
        if (Admit(assignment.Generation, out var thread) is { } refusal)
            return refusal;
        try
        {
            using var turn = await thread.Take();
            using var held = _factory.HoldData(assignment.Run);
            if (_open?.IsFor(assignment) == false)
                Shut();
            _open ??= _factory.Open(assignment);
            _open.EnsureUnchanged();
            _open.Restore(assignment);
            Volatile.Write(ref _readyStep, -1);
            var replica = _open.Shards.Replica;
            return new TrainerReady(_factory.SiloName, replica.Device, _factory.SiloAddress, replica.Engine, replica.Arithmetic);
        }
        catch (Exception e)
        {
            return Failed(e);
        }
    }

    /// <inheritdoc cref="ITrainerGrain.TrainChunk"/>
    /// <param name="ticket">The ticket.</param>
    /// <param name="where">
    /// Where the work is done. Inline, the next chunk is not read ahead: the caller answers first, and then calls <see cref="ReadAhead"/>.
    /// </param>
    /// <param name="isWanted">
    /// Asked in the work's turn: work that is not wanted any more must not touch what the answer to other work is read from.
    /// </param>
    public async Task<TrainerReply> TrainChunk(StepTicket ticket, Scheduling where = Scheduling.OwnThread, Func<bool>? isWanted = null)
    {
        Contribution contribution;
        try
        {
            if (Admit(ticket.Generation, out var thread) is { } refusal)
                return refusal;
            using var turn = await thread.Take(where == Scheduling.Inline && WorksAnywhere);
            if (isWanted?.Invoke() == false)
                return Late();
            _epoch = ticket.Epoch;
            using var chunk = _telemetry.BeginTraining(ticket.Epoch, ticket.Step);
            if (_open is not { } open)
                return Unassigned();
            if (ticket.Chunk == 0)
                open.EnsureUnchanged();
            if (!open.Shards.CanTrain(ticket.Step))
                return ElsewhereThan(ticket.Step, ticket.Generation);
            contribution = open.Contribute(
                open.Shards.TrainChunk(Position(ticket), ticket.Parameters.Span, open.Gradients, ticket.Parameters.IsRounded));
            ticket.Parameters.Dispose();
            chunk.Finish();
        }
        catch (Exception e)
        {
            return Failed(e);
        }

        if (where == Scheduling.OwnThread)
            ReadAhead(ticket).Ignore();
        return _silo.IsLeaving ? contribution with { Leaving = true } : contribution;
    }

    /// <inheritdoc cref="ITrainerGrain.EvaluateChunk"/>
    /// <param name="ticket">The ticket.</param>
    /// <param name="where">Where the work is done.</param>
    /// <param name="isWanted">As for <see cref="TrainChunk"/>.</param>
    public async Task<TrainerReply> EvaluateChunk(EvaluationTicket ticket, Scheduling where = Scheduling.OwnThread,
        Func<bool>? isWanted = null)
    {
        try
        {
            if (Admit(ticket.Generation, out var thread) is { } refusal)
                return refusal;
            using var turn = await thread.Take(where == Scheduling.Inline && WorksAnywhere);
            if (isWanted?.Invoke() == false)
                return Late();
            using var chunk = _telemetry.BeginEvaluation();
            if (_open is not { } open)
                return Unassigned();
            EvaluatedChunk[] shards = [.. open.Shards.EvaluateChunk(
                ticket.Chunk, ticket.Parameters.Span, ticket.Parameters.IsRounded, ticket.Part)];
            ticket.Parameters.Dispose();
            chunk.Finish();
            GroupSums[] sums = [.. shards.Select(shard => shard.Sums).OfType<GroupSums>()];
            return new EvaluationResult(
                [.. shards.Select(shard => shard.LossSum)], [.. shards.Select(shard => shard.Weight)], _silo.IsLeaving,
                sums.Length == 0 ? null : new([.. sums.SelectMany(one => one.Groups)], [.. sums.SelectMany(one => one.Values)]));
        }
        catch (Exception e)
        {
            return Failed(e);
        }
    }

    /// <inheritdoc cref="ITrainerGrain.FindLargest"/>
    public async Task<TrainerReply> FindLargest(int generation, long step)
    {
        try
        {
            if (Admit(generation, out var thread) is { } refusal)
                return refusal;
            using var turn = await thread.Take();
            return _open is not { } open ? Unassigned()
                : open.Shards.HasTrained(step) ? open.FindLargest()
                : ElsewhereThan(step, generation);
        }
        catch (Exception e)
        {
            return Failed(e);
        }
    }

    /// <summary>
    /// Reads the chunk behind a ticket's. What fails in it is reported when that chunk itself is asked for, and read again.
    /// </summary>
    /// <param name="ticket">The ticket of the chunk trained on last.</param>
    /// <param name="where">Where it is read.</param>
    public Task ReadAhead(StepTicket ticket, Scheduling where = Scheduling.OwnThread) => Read(Position(ticket), where);

    private async Task Read(StepPosition last, Scheduling where)
    {
        WorkerThread? thread;
        lock (_gate)
            thread = _thread;
        if (thread is null)
            return;
        try
        {
            using var turn = await thread.Take(where == Scheduling.Inline && WorksAnywhere);
            _open?.Prefetch(last);
            Volatile.Write(ref _readyStep, last.Step + 1);
        }
        catch (Exception)
        {
            // The chunk is read again when it is asked for; a trainer that has been closed is asked for none.
        }
    }

    private static StepPosition Position(StepTicket ticket) => new(ticket.Step, ticket.Epoch, ticket.Chunk);
}
