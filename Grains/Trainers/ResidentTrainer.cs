using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>A trainer that lives on this silo: fences old generations, and hands the work to the trainer's thread.</summary>
/// <remarks>Asked by its grain, and by this silo's end of a step channel, which spares a hop or three: so it takes calls from any thread.</remarks>
internal sealed partial class ResidentTrainer
{
    private readonly ShardFactory _factory;
    private readonly SiloOccupants _silo;
    private readonly ILogger<ResidentTrainer> _logger;
    private readonly Lock _gate = new();
    private readonly ShardHost _host;
    private readonly ChunkTelemetry _chunks;
    private WorkerThread? _thread;
    private bool _closed;
    private long _readyStep = -1;

    /// <summary>The epoch of the last ticket, counted from 0: what an evaluation that fails belongs to. −1 before the first one here.</summary>
    private volatile int _epoch = -1;

    // Read by the trainer's thread.
    private volatile Wanted _wanted = new(0, 0);

    /// <summary>A trainer that has no lanes yet.</summary>
    public ResidentTrainer(GrainId key, SiloTrainer trainer, ShardFactory factory, SiloOccupants silo, ChunkTelemetry chunks, ILogger<ResidentTrainer> logger)
    {
        (_factory, _silo, _chunks, _logger, _host) = (factory, silo, chunks, logger, new(factory));
        Self = new ResidentOccupant(key, trainer, this);
    }

    /// <summary>What the silo knows it as.</summary>
    public Occupant Self { get; }

    private int Generation
    {
        get => Self.Generation;
        set => Self.Generation = value;
    }

    /// <inheritdoc cref="ITrainerGrain.Assign"/>
    public Task<TrainerReply> Assign(ShardAssignment assignment) => Do(assignment.Generation, () => _host.Assign(assignment));

    /// <inheritdoc cref="ITrainerGrain.TrainChunk"/>
    /// <param name="ticket">The ticket.</param>
    /// <param name="isWanted">Asked when it is the work's turn: work that is not wanted any more must not touch what the answer to other work is read from.</param>
    public async Task<TrainerReply> TrainChunk(StepTicket ticket, Func<bool>? isWanted = null)
    {
        var reply = await Do(ticket.Generation, () => isWanted?.Invoke() == false ? Late() : Train(ticket));
        if (reply is Contribution)
            Prefetch(Position(ticket));
        return Finish(reply);
    }

    /// <summary>Whether its work may be done on any thread, so that the calls that end in <c>Here</c> do it where the caller stands.</summary>
    public bool WorksAnywhere => !_host.IsBoundToThread;

    /// <summary><see cref="TrainChunk"/> for a caller that has a thread to spare: it waits, or does the work itself.</summary>
    /// <remarks>The next chunk is not read ahead: the caller answers first, and then calls <see cref="PrefetchHere"/>.</remarks>
    public TrainerReply TrainChunkHere(StepTicket ticket, Func<bool>? isWanted = null) =>
        Finish(DoHere(ticket.Generation, () => isWanted?.Invoke() == false ? Late() : Train(ticket)));

    /// <summary>Whether the chunk of a ticket lies ready, so that to train on it waits for no file.</summary>
    public bool HasReady(StepTicket ticket) => ticket.Chunk > 0 && Volatile.Read(ref _readyStep) == ticket.Step;

    /// <inheritdoc cref="ITrainerGrain.TrainRound"/>
    public async Task<TrainerReply> TrainRound(RoundTicket ticket)
    {
        var reply = await Do(ticket.Generation, () =>
        {
            _epoch = ticket.Epoch;
            return _chunks.TrainRound(_host, ticket, isAbandoned: () => _wanted.IsAfter(ticket));
        });
        if (reply is RoundContribution)
        {
            int last = ticket.Chunks - 1;
            Prefetch(new(ticket.Step + last, ticket.Epoch, ticket.Chunk + last));
        }

        return reply is RoundGivenUp && Generation > ticket.Generation ? Over(ticket.Generation) : Finish(reply);
    }

    /// <inheritdoc cref="ITrainerGrain.GiveUpRound"/>
    public void GiveUpRound(int generation, long step)
    {
        // Of a released trainer nothing is wanted, and of an older generation neither.
        lock (_gate)
        {
            if (generation == _wanted.Generation && step >= _wanted.Step)
                _wanted = new(generation, step + 1);
        }
    }

    /// <inheritdoc cref="ITrainerGrain.EvaluateChunk"/>
    public async Task<TrainerReply> EvaluateChunk(EvaluationTicket ticket, Func<bool>? isWanted = null) =>
        Finish(await Do(ticket.Generation, () => isWanted?.Invoke() == false ? Late() : _chunks.Evaluate(_host, ticket)));

    /// <summary><see cref="EvaluateChunk"/> for a caller that has a thread to spare.</summary>
    public TrainerReply EvaluateChunkHere(EvaluationTicket ticket, Func<bool>? isWanted = null) =>
        Finish(DoHere(ticket.Generation, () => isWanted?.Invoke() == false ? Late() : _chunks.Evaluate(_host, ticket)));

    /// <summary>Nothing more is wanted of it, unless by a newer generation.</summary>
    /// <returns>Whether it has to go: not when an older generation says so.</returns>
    public bool Release(int generation)
    {
        lock (_gate)
        {
            if (generation < Generation)
                return false;
            _wanted = new(generation + 1, 0);
            return true;
        }
    }

    /// <summary>Gives back replica, data and thread, behind the work at hand. What is asked afterwards is refused.</summary>
    public Task Close()
    {
        WorkerThread? thread;
        lock (_gate)
            (thread, _thread, _closed) = (_thread, null, true);
        if (thread is null)
            return Task.CompletedTask;
        var closed = thread.Run(_host.Close);
        thread.Dispose();
        return closed;
    }

    /// <summary>Has the chunk behind a ticket's read, by a caller that has a thread to spare.</summary>
    public void PrefetchHere(StepTicket ticket) => Prefetch(Position(ticket), here: WorksAnywhere);

    /// <summary>Has the chunk behind a ticket's read on the trainer's thread.</summary>
    public void PrefetchBehind(StepTicket ticket) => Prefetch(Position(ticket));

    private TrainerReply Train(StepTicket ticket)
    {
        _epoch = ticket.Epoch;
        return _chunks.Train(_host, ticket);
    }

    private void Prefetch(StepPosition last, bool here = false)
    {
        WorkerThread? thread;
        lock (_gate)
            thread = _thread;
        try
        {
            if (here)
                thread?.RunHere(Try);
            else
                thread?.Run(Try).Ignore();
        }
        catch (ObjectDisposedException)
        {
            // The trainer has been closed meanwhile.
        }

        bool Try()
        {
            try
            {
                _host.Prefetch(last);
            }
#pragma warning disable CA1031 // Told when the chunk itself is asked for, and read again.
            catch (Exception)
#pragma warning restore CA1031
            {
                return false;
            }

            Volatile.Write(ref _readyStep, last.Step + 1);
            return true;
        }
    }

    private async Task<TrainerReply> Do(int generation, Func<TrainerReply> work)
    {
        if (Admit(generation, out var thread) is { } refusal)
            return refusal;
        try
        {
            return await thread.Run(work);
        }
#pragma warning disable CA1031 // A trainer's failure is an answer: the coordinator decides what becomes of the run.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Failed(e);
        }
    }

    private TrainerReply DoHere(int generation, Func<TrainerReply> work)
    {
        if (Admit(generation, out var thread) is { } refusal)
            return refusal;
        try
        {
            return _host.IsBoundToThread ? thread.Run(work).GetAwaiter().GetResult() : thread.RunHere(work);
        }
        catch (ObjectDisposedException) when (Volatile.Read(ref _closed))
        {
            return ShardHost.Unassigned();
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Failed(e);
        }
    }

    private Refusal? Admit(int generation, out WorkerThread thread)
    {
        lock (_gate)
        {
            thread = _thread!;
            if (_closed)
                return ShardHost.Unassigned();
            if (generation < Generation)
                return Over(generation);
            if (generation > Generation)
                (Generation, _wanted) = (generation, new(generation, 0));
            thread = _thread ??= new($"trainer {Self.Key.Key}");
            _chunks.OnAsked();
            return null;
        }
    }

    private TrainerReply Finish(TrainerReply reply) => !_silo.IsLeaving ? reply : reply switch
    {
        Contribution contribution => contribution with { Leaving = true },
        RoundContribution contribution => contribution with { Leaving = true },
        EvaluationResult result => result with { Leaving = true },
        _ => reply,
    };

    private TrainerFault Failed(Exception e)
    {
        if (_epoch >= 0)
            LogFailed(e, Self.Trainer.Index, Self.Trainer.Run, _epoch + 1);
        else
            LogFailedToBegin(e, Self.Trainer.Index, Self.Trainer.Run);
        return new($"{_factory.SiloName}: {e.Message}");
    }

    private Refusal Late() => new("a newer question has been asked", Generation);

    private static StepPosition Position(StepTicket ticket) => new(ticket.Step, ticket.Epoch, ticket.Chunk);

    private Refusal Over(int generation) => new($"generation {generation} is over: generation {Generation} has begun", Generation);

    [LoggerMessage(Level = LogLevel.Error, Message = "Trainer {Trainer} of {Run} failed in epoch {Epoch}")]
    private partial void LogFailed(Exception exception, int trainer, RunId run, int epoch);

    [LoggerMessage(Level = LogLevel.Error, Message = "Trainer {Trainer} of {Run} failed before it had trained here")]
    private partial void LogFailedToBegin(Exception exception, int trainer, RunId run);

    /// <summary>The first round, by generation and step, that is worth going on with.</summary>
    private sealed record Wanted(int Generation, long Step)
    {
        public bool IsAfter(RoundTicket ticket) => Generation > ticket.Generation || (Generation == ticket.Generation && Step > ticket.Step);
    }
}
