namespace Orleans.Tbptt.Grains.Silos;

/// <summary>
/// Whether a silo is about to leave, and what still lives on it. An occupant enters, looks at <see cref="IsDraining"/> at each step's
/// boundary or waits for <see cref="Begun"/>, moves away when it is set, and leaves. Once draining, a silo is offered nothing new.
/// Thread-safe.
/// </summary>
public sealed class SiloDrain
{
    private readonly Lock _gate = new();
    private readonly Dictionary<object, string> _occupants = [];
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether this silo is about to leave.</summary>
    public bool IsDraining => _begun.Task.IsCompleted;

    /// <summary>Completes when the silo begins to drain.</summary>
    public Task Begun => _begun.Task;

    /// <summary>Completes when the silo drains and nothing lives on it. What enters after that is not waited for.</summary>
    public Task Drained => _drained.Task;

    /// <summary>What lives here now, in no order, for messages.</summary>
    public IReadOnlyList<string> Occupants
    {
        get
        {
            lock (_gate)
                return [.. _occupants.Values];
        }
    }

    /// <summary>Begins to drain; again does nothing. There is no way back: the silo ends.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _begun.TrySetResult();
            if (_occupants.Count == 0)
                _drained.TrySetResult();
        }
    }

    /// <summary>Says that something lives here until the result is disposed; more than once does no harm.</summary>
    /// <param name="what">What it is, for messages: <c>trainer 2 of wave-1</c>.</param>
    public IDisposable Enter(string what)
    {
        var occupant = new Occupant(this);
        lock (_gate)
            _occupants.Add(occupant, what);
        return occupant;
    }

    private void Leave(Occupant occupant)
    {
        lock (_gate)
        {
            if (_occupants.Remove(occupant) && _occupants.Count == 0 && IsDraining)
                _drained.TrySetResult();
        }
    }

    private sealed class Occupant(SiloDrain drain) : IDisposable
    {
        public void Dispose() => drain.Leave(this);
    }
}
