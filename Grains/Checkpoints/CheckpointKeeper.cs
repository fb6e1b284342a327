using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Checkpoints;

/// <summary>
/// Writes a run's committed states to the run store when they are due, while training continues. It does so also while a new coordinator
/// computes steps again that were published before, so that the run advances however often its coordinator is killed.
/// </summary>
internal sealed class CheckpointKeeper : IAsyncDisposable
{
    /// <summary>A state of at most so many elements is copied on the coordinator's scheduler.</summary>
    private const long InlineCopy = 1 << 20;

    /// <summary>How long a run that is left waits for its last checkpoint.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly RunDataLease _data;
    private readonly RunProgress _progress;
    private readonly Func<string> _device;
    private readonly RunTelemetry _telemetry;
    private readonly WorkerThread _worker;
    private readonly CheckpointSchedule _schedule;
    private readonly CheckpointWriter _writer;
    private (long Step, RunCursor At)? _last;

    /// <summary>Starts; the state that the run continues from is saved already, or is the initial one.</summary>
    /// <param name="start">Where the run stands.</param>
    /// <param name="store">Where checkpoints are written.</param>
    /// <param name="spec">The run's spec.</param>
    /// <param name="data">The run's data.</param>
    /// <param name="progress">The run.</param>
    /// <param name="device">The kind of device that the trainers compute on at this moment, <c>cpu</c> or <c>cuda</c>.</param>
    /// <param name="telemetry">Measures what is written.</param>
    /// <param name="worker">Copies large states.</param>
    public CheckpointKeeper(
        RunCursor start, CheckpointStore store, RunSpec spec, RunDataLease data, RunProgress progress, Func<string> device,
        RunTelemetry telemetry, WorkerThread worker)
    {
        (_data, _progress, _device, _telemetry, _worker) = (data, progress, device, telemetry, worker);
        long step = progress.Snapshot().Step;
        _last = (step, start);
        _schedule = new(spec.Checkpoint, step, progress.Time);
        _writer = new(store, progress.Run, spec, _schedule, new(progress.Publish, progress.Journal.Flush, Written, progress.Warn));
    }

    /// <summary>
    /// Between two steps: takes a checkpoint if one is due, and the state has none yet. A run that waits for rows is asked often.
    /// </summary>
    public async Task TakeIfDue(TrainingState state, RunCursor at)
    {
        if (state.Step > 0 && _schedule.IsDue(state.Step, _writer.IsFree) && !IsWritten(state.Step, at))
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

    /// <summary>After the last epoch: takes one, so that the run can be trained further and extended, whatever its last loss.</summary>
    public async Task TakeAtRunEnd(TrainingState state, RunCursor at)
    {
        if (state.Step > 0 && _last != (state.Step, at))
            await Take(state, at, bestLoss: null);
    }

    /// <summary>
    /// Writes the state that the run is left at, and waits until it counts. If it cannot be written, the run warns, and an older checkpoint
    /// remains the newest.
    /// </summary>
    public async Task TakeLast(TrainingState state, RunCursor at)
    {
        await TakeAtRunEnd(state, at);
        await Finish();
    }

    /// <summary>Waits until what was taken is written.</summary>
    public async Task Finish()
    {
        Task flush = _writer.Flush();
        await flush.WaitAsync(Patience, _progress.Time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (!flush.IsCompleted)
        {
            _progress.Warn(
                $"the last checkpoint was not written within {Patience.TotalSeconds} s: "
                + "when the run continues, it computes the steps since the one before again");
        }
    }

    public async ValueTask DisposeAsync() =>
        await _writer.DisposeAsync().AsTask().WaitAsync(Patience, _progress.Time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    private bool IsWritten(long step, RunCursor at) => _last == (step, at) && _progress.Snapshot().CheckpointStep == step;

    private async Task Take(TrainingState state, RunCursor at, double? bestLoss)
    {
        var status = _progress.Snapshot();
        var about = new CheckpointState
        {
            Generation = _progress.Generation,
            Epoch = at.Epoch,
            Chunk = at.Chunk,
            SequenceSteps = status.SequenceSteps,
            TrainedSeconds = status.TrainedSeconds,
            LastEvent = _progress.LastEventAt(at),
            EpochLosses = status.EpochLosses,
            ValidationLosses = status.ValidationLosses,
            Metrics = status.Metrics,
            HeldOut = status.HeldOut,
            BestLoss = bestLoss,
            Device = _device(),
            Data = _data.Files,
        };
        _last = (state.Step, at);

        // A small copy takes less time than waking a thread.
        long elements = (long)state.Layout.Length * (1 + state.Buffers.Count) + state.Hidden.Length
            + state.TrainerOptimizers.Sum(inner => (long)inner.Values.Length);
        if (elements <= InlineCopy)
            _writer.Submit(state, about);
        else
            await _worker.Run(() => _writer.Submit(state, about));
    }

    private void Written(WrittenCheckpoint written)
    {
        if (written.WorksAgain)
            _progress.Warn($"checkpoints can be written again: {written.Name} is");
        _progress.Checkpoint(written.Name.ToString(), written.Name.Step, written.Bytes, written.Took.TotalSeconds);
        _telemetry.OnCheckpoint(written.Took, written.Bytes);
    }
}
