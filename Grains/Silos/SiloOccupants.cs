using System.Collections.Concurrent;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>A trainer on this silo.</summary>
/// <param name="Key">Its grain.</param>
/// <param name="Trainer">Whose it is.</param>
internal record Occupant(GrainId Key, SiloTrainer Trainer)
{
    /// <summary>What it takes of the silo, as its newest assignment says.</summary>
    public int Slots { get; set; } = 1;

    /// <summary>The newest generation that it has met.</summary>
    public int Generation { get; set; }
}

/// <summary>The trainers and coordinators that live on this silo. Asked from any thread.</summary>
internal sealed class SiloOccupants(SiloDrain drain)
{
    /// <summary>New coordinators that are remembered: without reports nothing takes them.</summary>
    private const int MostNew = 10_000;

    private readonly ConcurrentDictionary<GrainId, Occupant> _trainers = [];
    private readonly ConcurrentDictionary<GrainId, Occupant> _spares = [];
    private readonly ConcurrentDictionary<RunId, int> _coordinators = [];
    private readonly ConcurrentDictionary<RunId, bool> _newCoordinators = [];

    /// <summary>Whether the silo has been asked to end.</summary>
    public bool IsLeaving => drain.IsDraining;

    /// <summary>Completes when the silo is asked to end.</summary>
    public Task Leaving => drain.Begun;

    /// <summary>Raised with a run when its last trainer has left.</summary>
    public event Action<RunId>? LastTrainerLeft;

    /// <summary>The slots that all trainers take.</summary>
    public int UsedSlots => _trainers.Values.Sum(trainer => trainer.Slots);

    /// <summary>The trainers.</summary>
    public IReadOnlyList<Occupant> Trainers => [.. _trainers.Values];

    /// <summary>The trainers and the spares: who has to go when no coordinator uses it any more.</summary>
    public IReadOnlyList<Occupant> TrainersAndSpares => [.. _trainers.Values, .. _spares.Values];

    /// <summary>The runs that are coordinated here.</summary>
    public IReadOnlyList<RunId> Coordinators => [.. _coordinators.Keys];

    /// <summary>The runs whose coordinators have come since the last call, whether they are here or have left.</summary>
    public IReadOnlyList<RunId> TakeNewCoordinators() => [.. _newCoordinators.Keys.Where(run => _newCoordinators.TryRemove(run, out _))];

    /// <summary>A trainer has come; it goes when what is returned is disposed of.</summary>
    public IDisposable Enter(Occupant trainer)
    {
        var living = drain.Enter($"trainer {trainer.Trainer.Index} of {trainer.Trainer.Run}");
        _trainers[trainer.Key] = trainer;
        return new Leave(() =>
        {
            _trainers.TryRemove(KeyValuePair.Create(trainer.Key, trainer));
            living.Dispose();
            if (!_trainers.Values.Any(other => other.Trainer.Run == trainer.Trainer.Run))
                LastTrainerLeft?.Invoke(trainer.Trainer.Run);
        });
    }

    /// <summary>
    /// A spare has come, which takes no slot, and which a silo that ends does not wait for; it goes when what is returned is disposed of.
    /// </summary>
    public IDisposable EnterSpare(Occupant spare)
    {
        _spares[spare.Key] = spare;
        return new Leave(() => _spares.TryRemove(KeyValuePair.Create(spare.Key, spare)));
    }

    /// <summary>A run is coordinated here until what is returned is disposed of.</summary>
    public IDisposable Enter(RunId run)
    {
        var living = drain.Enter($"the coordinator of {run}");
        _coordinators.AddOrUpdate(run, 1, (_, count) => count + 1);
        if (_newCoordinators.Count < MostNew)
            _newCoordinators[run] = true;
        return new Leave(() =>
        {
            // A run that is resumed at once may have two for a moment.
            if (_coordinators.AddOrUpdate(run, 0, (_, count) => count - 1) == 0)
                _coordinators.TryRemove(KeyValuePair.Create(run, 0));
            living.Dispose();
        });
    }

    private sealed class Leave(Action leave) : IDisposable
    {
        private Action? _leave = leave;

        public void Dispose() => Interlocked.Exchange(ref _leave, null)?.Invoke();
    }
}
