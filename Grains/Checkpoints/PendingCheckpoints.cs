using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Checkpoints;

/// <summary>A state that was taken and is not written yet.</summary>
/// <param name="Number">Counts the states taken.</param>
/// <param name="Snapshot">The committed state.</param>
/// <param name="About">What to record besides the tensors.</param>
internal sealed record PendingCheckpoint(long Number, TrainingSnapshot Snapshot, CheckpointState About);

/// <summary>
/// The states that wait to be written, the latest and the best, and the snapshots that hold them: three at most with the one in hand, made
/// when they are first needed and then used again.
/// </summary>
/// <remarks>States are added from one thread and taken from another.</remarks>
internal sealed class PendingCheckpoints(RunSpec spec)
{
    private readonly Lock _gate = new();
    private readonly Stack<TrainingSnapshot> _idle = [];
    private PendingCheckpoint? _latest;
    private PendingCheckpoint? _best;
    private PendingCheckpoint? _inHand;
    private long _taken;

    /// <summary>Whether none is in hand and no latest one waits. A best one that could not be written may wait all the same.</summary>
    public bool IsFree
    {
        get
        {
            lock (_gate)
                return _inHand is null && _latest is null;
        }
    }

    /// <summary>Makes the first snapshot ahead, which for a large model takes much longer than a copy.</summary>
    public void Prepare()
    {
        var snapshot = new TrainingSnapshot(spec);
        lock (_gate)
        {
            if (_taken == 0)
                _idle.Push(snapshot);
        }
    }

    /// <summary>Copies a state. It takes the place of the latest one that waits; as a better one, of the best.</summary>
    public void Add(TrainingState state, CheckpointState about)
    {
        bool best;
        TrainingSnapshot? snapshot;
        lock (_gate)
        {
            best = about.BestLoss is { } loss && !(_best?.About.BestLoss <= loss);
            var former = best ? _best : _latest;

            // Out of its place while it is written over: nobody takes half a state.
            Put(best, null);
            snapshot = former?.Snapshot ?? (_idle.TryPop(out var idle) ? idle : null);
        }

        snapshot ??= new(spec);
        state.CopyTo(snapshot);
        lock (_gate)
            Put(best, new(++_taken, snapshot, about));
    }

    /// <summary>Takes in hand the one that was added first, of those added after one; null when there is none.</summary>
    /// <param name="after">Its <see cref="PendingCheckpoint.Number"/>.</param>
    public PendingCheckpoint? Take(long after = 0)
    {
        lock (_gate)
        {
            var best = _best?.Number > after ? _best : null;
            bool takeBest = best is not null && !(_latest?.Number < best.Number);
            _inHand = takeBest ? best : _latest;
            if (_inHand is not null)
                Put(takeBest, null);
            return _inHand;
        }
    }

    /// <summary>The one in hand is written.</summary>
    public void Written()
    {
        lock (_gate)
            LetGo();
    }

    /// <summary>
    /// The one in hand could not be written. One of the best waits for another time, unless a better one does; what else waits is given up
    /// where a later one is to be tried.
    /// </summary>
    public void Failed(bool giveUpLatest)
    {
        lock (_gate)
        {
            if (_inHand is { About.BestLoss: not null } && _best is null)
                (_best, _inHand) = (_inHand, null);
            LetGo();
            if (!giveUpLatest || _latest is null)
                return;
            _idle.Push(_latest.Snapshot);
            _latest = null;
        }
    }

    private void LetGo()
    {
        if (_inHand is not null)
            _idle.Push(_inHand.Snapshot);
        _inHand = null;
    }

    private void Put(bool best, PendingCheckpoint? one)
    {
        if (best)
            _best = one;
        else
            _latest = one;
    }
}
