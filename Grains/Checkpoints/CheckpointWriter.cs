using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Checkpoints;

/// <summary>What a checkpoint writer needs of its coordinator. All are called on the writer's thread.</summary>
/// <param name="Publish">Gives a checkpoint its name under the generation in force.</param>
/// <param name="FlushJournal">Completes when every event so far is on the disk: a checkpoint must not know more than the journal.</param>
/// <param name="OnWritten">A checkpoint counts from now on.</param>
/// <param name="OnFailed">In words, what could not be done; the run continues.</param>
internal sealed record CheckpointHooks(
    CheckpointPublisher Publish, Func<Task> FlushJournal, Action<WrittenCheckpoint> OnWritten, Action<string> OnFailed);

/// <summary>
/// Writes a run's checkpoints on a dedicated thread while it trains: training waits only for the copy of its state. While one is
/// written, two may wait, the latest and the best; a later one of the same sort takes its place.
/// </summary>
internal sealed class CheckpointWriter : IAsyncDisposable
{
    private readonly CheckpointStore _store;
    private readonly RunId _run;
    private readonly RunSpec _spec;
    private readonly CheckpointSchedule _schedule;
    private readonly CheckpointHooks _hooks;
    private readonly PendingCheckpoints _pending;
    private readonly WorkerThread _thread;
    private volatile bool _closed;

    // The writer's thread alone knows it.
    private string? _problem;

    /// <summary>A writer with nothing to write.</summary>
    /// <param name="store">Where checkpoints lie.</param>
    /// <param name="run">The run.</param>
    /// <param name="spec">Its spec, every size known.</param>
    /// <param name="schedule">Is informed of every checkpoint taken, written and failed.</param>
    /// <param name="hooks">The coordinator.</param>
    public CheckpointWriter(CheckpointStore store, RunId run, RunSpec spec, CheckpointSchedule schedule, CheckpointHooks hooks)
    {
        (_store, _run, _spec, _schedule, _hooks) = (store, run, spec, schedule, hooks);
        _pending = new(spec);
        _thread = new($"checkpoints {run}");
        _ = _thread.Run(() =>
        {
            _pending.Prepare();
            return true;
        });
    }

    /// <summary>Whether the latest checkpoint taken is written, or given up.</summary>
    public bool IsFree => _pending.IsFree;

    /// <summary>Copies the committed state, and has it written soon. The state may change as soon as this returns.</summary>
    /// <param name="state">The committed state.</param>
    /// <param name="about">
    /// What to record besides the tensors. One with a <see cref="CheckpointState.BestLoss"/> does not give way to the latest.
    /// </param>
    public void Submit(TrainingState state, CheckpointState about)
    {
        if (_closed)
            return;
        _schedule.Taken(state.Step);
        _pending.Add(state, about);
        _ = _thread.Run(() => WritePending(evenIfPausing: false));
    }

    /// <summary>Writes what waits, without waiting for the end of a pause after a failure.</summary>
    /// <returns>Null when all that was submitted is on the disk and counts; otherwise, in words, why not.</returns>
    public Task<string?> Flush() => _thread.Run(() => WritePending(evenIfPausing: true));

    /// <summary>Returns when what was submitted so far is written or has failed, or waits for the end of a pause.</summary>
    internal Task Drained() => _thread.Run(() => { });

    /// <summary>Ends when the checkpoint in hand is written; what waits is given up.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        Task last = _thread.Run(() => { });
        _thread.Dispose();
        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private string? WritePending(bool evenIfPausing)
    {
        // Each is tried once, whether it fails or not.
        for (long tried = 0; !_closed && (evenIfPausing || !_schedule.IsPausing)
            && _pending.Take(after: tried) is { } one; tried = one.Number)
            TryWrite(one, giveUpLatest: !evenIfPausing);

        return _problem;
    }

    private void TryWrite(PendingCheckpoint one, bool giveUpLatest)
    {
        WrittenCheckpoint written;
        try
        {
            written = _store.Write(_run, _spec, one.Snapshot, one.About, () => _hooks.FlushJournal().GetAwaiter().GetResult(), Publish);
        }
#pragma warning disable CA1031 // Whatever keeps a checkpoint from being written, the run continues without it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _problem = Describe(one, e);
            _pending.Failed(giveUpLatest);

            // A coordinator that was replaced learns that elsewhere, and ends.
            if (_closed)
                return;
            _schedule.Failed();
            _hooks.OnFailed($"{_problem}; the run continues, and the next attempt follows in {_schedule.Pause.TotalSeconds} s");
            return;
        }

        _problem = null;
        written = written with { WorksAgain = _schedule.Written(written.Took) };
        _pending.Written();
        _hooks.OnWritten(written);
        Retain(written.Name);
    }

    private CheckpointName Publish(Func<int, CheckpointName> rename)
    {
        bool inForce = false;
        try
        {
            return _hooks.Publish(generation =>
            {
                inForce = true;
                return rename(generation);
            });
        }
        catch when (!inForce)
        {
            _closed = true;
            throw;
        }
    }

    private void Retain(CheckpointName written)
    {
        try
        {
            _store.Retain(_run, _spec.Checkpoint, written);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _hooks.OnFailed($"checkpoint {written} is written, but older ones cannot be removed: {e.Message}; remove them by hand");
        }
    }

    private string Describe(PendingCheckpoint one, Exception cause)
    {
        long bytes = sizeof(float) * one.Snapshot.Length;
        return $"the checkpoint of step {one.Snapshot.Step} cannot be written into {_store.DirectoryOf(_run)}, which takes {bytes:N0} " +
            $"bytes and more: {cause.Message}";
    }
}
