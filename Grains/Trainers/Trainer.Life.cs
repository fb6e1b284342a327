using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Grains.Trainers;

#pragma warning disable CA1031 // A trainer's failure is an answer: the coordinator decides what becomes of the run.

/// <content>Which calls it takes, and its end.</content>
internal sealed partial class Trainer
{
    private int Generation
    {
        get => Self.Generation;
        set => Self.Generation = value;
    }

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
    public async Task Close()
    {
        WorkerThread? thread;
        lock (_gate)
            (thread, _thread, _closed) = (_thread, null, true);
        if (thread is null)
            return;
        var shut = Shut(thread);
        thread.Dispose();
        await shut;
    }

    private async Task Shut(WorkerThread thread)
    {
        using var turn = await thread.Take();
        Shut();
    }

    private void Shut()
    {
        _open?.Dispose();
        _open = null;
    }

    /// <summary>Refuses calls of older generations and to a trainer that has been closed; null where the call is taken.</summary>
    private Refusal? Admit(int generation, out WorkerThread thread)
    {
        lock (_gate)
        {
            thread = _thread!;
            if (_closed)
                return Unassigned();
            if (generation < Generation)
                return Over(generation);
            if (generation > Generation)
                (Generation, _wanted) = (generation, new(generation, 0));
            thread = _thread ??= new($"trainer {Self.Key.Key}");
            _telemetry.OnAsked();
            return null;
        }
    }

    /// <summary>
    /// The answer to work that failed. A trainer whose device is lost is as lost as one whose silo is: it is to have another place.
    /// </summary>
    private TrainerReply Failed(Exception e)
    {
        if (e is ObjectDisposedException && Volatile.Read(ref _closed))
            return Unassigned();
        if (_epoch >= 0)
            LogFailed(e, Self.Trainer.Index, Self.Trainer.Run, _epoch + 1);
        else
            LogFailedToBegin(e, Self.Trainer.Index, Self.Trainer.Run);
        if (e is DeviceLostException lost)
        {
            _factory.Lose(lost);
            return new TrainerLost($"{_factory.SiloName}: {lost.Message}");
        }

        return new TrainerFault($"{_factory.SiloName}: {e.Message}");
    }

    private static Refusal Unassigned() => new("the trainer has no shards: it was placed anew", 0);

    private static Refusal ElsewhereThan(long step, int generation) => new($"the trainer is not at step {step}", generation);

    private Refusal Late() => new("a newer request has been made", Generation);

    private Refusal Over(int generation) => new($"generation {generation} is over: generation {Generation} has begun", Generation);

    [LoggerMessage(Level = LogLevel.Error, Message = "Trainer {Trainer} of {Run} failed in epoch {Epoch}")]
    private partial void LogFailed(Exception exception, int trainer, RunId run, int epoch);

    [LoggerMessage(Level = LogLevel.Error, Message = "Trainer {Trainer} of {Run} failed before it had trained here")]
    private partial void LogFailedToBegin(Exception exception, int trainer, RunId run);
}
