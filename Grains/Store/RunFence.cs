using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>
/// A coordinator's right to write into its run's directory: a generation, and a look at whether a newer one has been taken before anything
/// counts. Asked from several threads.
/// </summary>
/// <remarks>
/// A process can be stopped between its look and its write for as long as anybody likes. So nothing is made to count by writing into a file
/// that a newer coordinator reads: everything is written under a name that carries the generation (<see cref="Unfinished"/>), then the look
/// is taken, then the name is changed. Who takes a generation first removes such names of older ones (<see
/// cref="RunStore.DropUnfinished"/>): a rename that comes after that finds nothing to rename.
/// </remarks>
internal sealed class RunFence
{
    private readonly Lock _gate = new();
    private readonly RunStore _store;

    /// <summary>Takes the run's next generation, and from those before it what they have not finished.</summary>
    /// <exception cref="IOException">The run's directory cannot be written.</exception>
    public RunFence(RunStore store, RunId run)
    {
        (_store, Run) = (store, run);
        Generation = store.TakeGeneration(run);
        store.DropUnfinished(run, Generation);
        store.RemoveOldGenerations(this);
    }

    /// <summary>The run.</summary>
    public RunId Run { get; }

    /// <summary>The generation in force.</summary>
    public int Generation { get; private set; }

    /// <summary>What the names of unfinished files end with.</summary>
    public string Unfinished => RunStore.Unfinished(Generation);

    /// <summary>Whether no newer coordinator has taken the run over.</summary>
    public bool IsInForce
    {
        get
        {
            lock (_gate)
                return _store.IsNewest(Run, Generation);
        }
    }

    /// <summary>Begins the generation after this one.</summary>
    /// <exception cref="SupersededException">A newer coordinator has it.</exception>
    public void TakeNext()
    {
        lock (_gate)
        {
            if (!_store.TryTakeGeneration(Run, Generation + 1))
                throw new SupersededException(Run);
            Generation++;
        }

        _store.RemoveOldGenerations(this);
    }

    /// <summary>Ends whatever a coordinator is doing that a newer one has replaced.</summary>
    /// <exception cref="SupersededException">A newer coordinator has taken the run over.</exception>
    public void Ensure()
    {
        if (!IsInForce)
            throw new SupersededException(Run);
    }

    /// <summary>Does something under the generation in force, which does not grow meanwhile.</summary>
    /// <exception cref="SupersededException">A newer coordinator has taken the run over.</exception>
    public T Publish<T>(Func<int, T> publish)
    {
        lock (_gate)
        {
            Ensure();
            return publish(Generation);
        }
    }
}

/// <summary>A newer coordinator has taken the run over: this one writes no more and ends.</summary>
internal sealed class SupersededException(RunId run) : IOException($"another coordinator has taken run {run} over");
