using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Store.Checkpoints;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>
/// Has a run's committed states written to the run store, when they are due, beside training: also while a new coordinator computes again what was told
/// before, so that it gets on however often it is killed.
/// </summary>
internal sealed class CheckpointKeeper : IAsyncDisposable
{
    /// <summary>Up to so many elements the state is copied where the coordinator stands.</summary>
    private const long InlineCopy = 1 << 20;

    /// <summary>How long a run that is left waits for its last checkpoint.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly IReadOnlyList<DataFile> _files;
    private readonly RunProgress _progress;
    private readonly TrainerRecovery _recovery;
    private readonly RunTelemetry _telemetry;
    private readonly WorkerThread _worker;
    private readonly TimeProvider _time;
    private readonly CheckpointSchedule _schedule;
    private readonly CheckpointWriter _writer;
    private (long Step, RunCursor At)? _last;

    /// <summary>Begins; the state that the run goes on from is saved already, or the initial one.</summary>
    public CheckpointKeeper(
        RunCursor start, CheckpointStore store, RunSpec spec, IReadOnlyList<DataFile> files, RunFence fence, RunProgress progress, TrainerRecovery recovery,
        RunTelemetry telemetry, WorkerThread worker, TimeProvider time)
    {
        (_files, _progress, _recovery, _telemetry, _worker, _time) = (files, progress, recovery, telemetry, worker, time);
        long step = progress.Snapshot().Step;
        _last = (step, start);
        _schedule = new(spec.Checkpoint, step, time);
        _writer = new(store, fence.Run, spec, _schedule, new(fence.Publish, progress.Journal.Flush, Written, progress.Warn));
    }

    /// <summary>Between two steps: takes a checkpoint if one is due.</summary>
    public async Task TakeIfDue(TrainingState state, RunCursor at)
    {
        if (_schedule.IsDue(state.Step, _writer.IsFree) && state.Step > 0)
            await Take(state, at, bestLoss: null);
    }

    /// <summary>At an epoch's end: takes one if its loss is among the best, or one is due anyhow.</summary>
    /// <param name="state">The committed state.</param>
    /// <param name="at">Where the run stands.</param>
    /// <param name="losses">The losses of all finished epochs: of validation, or of training where nothing is held out.</param>
    public async Task TakeAtEpochEnd(TrainingState state, RunCursor at, IReadOnlyList<double> losses)
    {
        double? best = _schedule.BestLoss(losses);
        if (best is not null || _schedule.IsDue(state.Step, _writer.IsFree))
            await Take(state, at, best);
    }

    /// <summary>Writes the state that the run is left at, and waits until it counts. Where that cannot be, the run says so, and an older one has to do.</summary>
    public async Task TakeLast(TrainingState state, RunCursor at)
    {
        if (state.Step > 0 && _last != (state.Step, at))
            await Take(state, at, bestLoss: null);
        await Finish();
    }

    /// <summary>Waits until what was taken is written.</summary>
    public async Task Finish()
    {
        Task flush = _writer.Flush();
        await flush.WaitAsync(Patience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (!flush.IsCompleted)
            _progress.Warn($"the last checkpoint was not written within {Patience.TotalSeconds} s: whoever goes on with the run computes the steps since the one before again");
    }

    public async ValueTask DisposeAsync() =>
        await _writer.DisposeAsync().AsTask().WaitAsync(Patience, _time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    private async Task Take(TrainingState state, RunCursor at, double? bestLoss)
    {
        var status = _progress.Snapshot();
        var about = new CheckpointState
        {
            Generation = _progress.Generation,
            Epoch = at.Epoch,
            Chunk = at.Chunk,
            SequenceSteps = status.SequenceSteps,
            LastEvent = _progress.LastEventAt(at),
            EpochLosses = status.EpochLosses,
            ValidationLosses = status.ValidationLosses,
            Metrics = status.Metrics,
            BestLoss = bestLoss,
            Device = _recovery.DeviceKind,
            Data = _files,
        };
        _last = (state.Step, at);

        // A small copy is over before a thread could be woken for it.
        long elements = (long)state.Layout.Length * (1 + state.Optimizer.Averages.Count) + state.Hidden.Length
            + state.TrainerOptimizers.Sum(inner => (long)inner.Values.Length);
        if (elements <= InlineCopy)
            _writer.Submit(state, about);
        else
            await _worker.Run(() => Submit(state, about));
    }

    private bool Submit(TrainingState state, CheckpointState about)
    {
        _writer.Submit(state, about);
        return true;
    }

    private void Written(WrittenCheckpoint written)
    {
        if (written.WorksAgain)
            _progress.Warn($"checkpoints can be written again: {written.Name} is");
        _progress.Checkpoint(written.Name.ToString(), written.Name.Step, written.Bytes, written.Took.TotalSeconds);
        _telemetry.OnCheckpoint(written.Took, written.Bytes);
    }
}
