using Orleans.Tbptt.Grains.Journal;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Progress;

/// <summary>
/// How far a run is: keeps its status, writes its events, and its status file every now and then. Where a newer coordinator has taken the
/// run over, it writes no more.
/// </summary>
internal sealed partial class RunProgress
{
    private const long NotMeasured = long.MinValue;

    private readonly RunFence _fence;
    private readonly EventPublisher _events;
    private readonly RunStore _store;
    private readonly TimeProvider _time;
    private readonly RateMeter _rates;
    private RunStatus _status;
    private bool _training;
    private long _measuredSince = NotMeasured;
    private volatile Side _side;

    /// <summary>Takes a run's progress up.</summary>
    /// <param name="status">The run at the state that it continues from.</param>
    /// <param name="fence">The right to write.</param>
    /// <param name="journal">The events.</param>
    /// <param name="published">What was published of the steps after that state.</param>
    /// <param name="store">The run store.</param>
    /// <param name="time">The clock.</param>
    public RunProgress(RunStatus status, RunFence fence, RunJournal journal, PublishedEvents published, RunStore store, TimeProvider time)
    {
        (_fence, Journal, _events, _store, _time, _rates) = (fence, journal, new(fence, journal, published, time), store, time, new(time));
        _status = status with { Generation = fence.Generation };
        _side = new(status.CheckpointStep, "");
    }

    /// <summary>The run.</summary>
    public RunId Run => _fence.Run;

    /// <summary>The generation in force.</summary>
    public int Generation => _fence.Generation;

    /// <summary>The events.</summary>
    public RunJournal Journal { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time => _time;

    /// <summary>The data that the run was born with, where it follows a file as far as it has read; null until they are open.</summary>
    public RunData? Data { get; set; }

    /// <summary>Steps that the run itself has committed.</summary>
    public long OwnSteps => _status.OwnSteps;

    /// <summary>How long the run has been trained, by all of its coordinators; zero where nobody measures it.</summary>
    public TimeSpan Trained => TimeSpan.FromSeconds(_status.TrainedSeconds)
        + (Volatile.Read(ref _measuredSince) is not NotMeasured and var since ? _time.GetElapsedTime(since) : TimeSpan.Zero);

    /// <summary>Begins to measure how long the run is trained here.</summary>
    public void MeasureTraining() => Volatile.Write(ref _measuredSince, _time.GetTimestamp());

    /// <summary>Whether every step and epoch that a former coordinator published has been computed again.</summary>
    public bool IsNew => _status.Step >= _events.LastStep && _status.EpochLosses.Count >= _events.LastEpoch;

    /// <summary>
    /// The number of the last event that belongs to the state that the run has reached: while steps are computed again, not the journal's
    /// last one.
    /// </summary>
    /// <param name="at">Where the run stands.</param>
    public long LastEventAt(RunCursor at) =>
        IsNew ? Journal.Last : _events.NumberBefore(_status.Step, at is { Chunk: 0, Epoch: > 0 } ? at.Epoch : null);

    /// <summary>The state of the run at this moment. Safe to ask from any thread.</summary>
    public RunStatus Snapshot()
    {
        var (steps, sequenceSteps) = _rates.Rates();
        bool running = _status.State == RunState.Running;
        return _status with
        {
            StepsPerSecond = running ? steps : 0,
            SequenceStepsPerSecond = running ? sequenceSteps : 0,
            Trainers = _trainers?.Invoke() ?? _status.Trainers,
            CheckpointStep = _side.CheckpointStep,
            Warning = Journal.Stalled is { } stalled ? $"events wait in memory, metrics.jsonl cannot be written: {stalled}"
                : Journal.NotClosed is { } open ? $"older events stay in metrics.jsonl, segments cannot be written: {open}"
                : StatusFile?.Problem ?? _side.Warning,
            LastEvent = Journal.Last,
            TrainedSeconds = Trained.TotalSeconds,
            UpdatedAt = _time.GetUtcNow(),
        };
    }

    /// <summary>The run waits for slots.</summary>
    public void Queue(int position, string reason) =>
        _status = _status with { State = RunState.Queued, QueuePosition = position, Message = reason };

    /// <summary>The run waits for rows of the file that it follows, and keeps its slots.</summary>
    public void WaitForRows(string reason) => _status = _status with { Message = reason };

    /// <summary>The file that the run follows has grown, and more of it is read.</summary>
    /// <param name="data">What is read of it.</param>
    /// <exception cref="SupersededException">A newer coordinator has taken the run over.</exception>
    public void Grow(RunData data)
    {
        _store.Write(data, _fence);
        Data = data;
        _status = _status with { Data = data.Description?.Summary ?? _status.Data };
    }

    /// <inheritdoc cref="RunFence.Publish"/>
    public T Publish<T>(Func<int, T> publish) => _fence.Publish(publish);

    /// <summary>Begins the generation after this one.</summary>
    /// <exception cref="SupersededException">A newer coordinator has it.</exception>
    public void TakeGeneration()
    {
        _fence.TakeNext();
        _status = _status with { Generation = Generation };
    }

    /// <summary>Ends a coordinator that a newer one has replaced.</summary>
    /// <exception cref="SupersededException">A newer coordinator has taken the run over.</exception>
    public void EnsureInForce() => _fence.Ensure();

    /// <summary>An epoch begins or continues, counted from 0.</summary>
    public void BeginEpoch(int epoch, long chunk, long chunks)
    {
        EnsureInForce();
        _training = true;
        _status = _status with { State = RunState.Running, QueuePosition = 0, Message = "", Epoch = epoch + 1, StepsPerEpoch = chunks,
            EpochStep = chunk };
        StatusFile?.Request();
    }

    /// <summary>Steps are committed, one, or those of a round; epochs counted from 0.</summary>
    /// <param name="first">The number of the first of them, from 1.</param>
    /// <param name="epoch">Their epoch.</param>
    /// <param name="steps">The steps, in order.</param>
    /// <param name="sequenceSteps">Time steps of all lanes in them.</param>
    /// <param name="took">What they took together.</param>
    /// <exception cref="RunLeftException">Events can no longer be written.</exception>
    public void Commit(long first, int epoch, IReadOnlyList<StepOutcome.Committed> steps, long sequenceSteps, TimeSpan took)
    {
        _rates.Add(steps.Count, sequenceSteps);
        _status = _status with
        {
            Step = first + steps.Count - 1,
            EpochStep = _status.EpochStep + steps.Count,
            SequenceSteps = _status.SequenceSteps + sequenceSteps,
            Loss = steps.LastOrDefault(step => step.Weight > 0)?.Loss ?? _status.Loss,
        };
        for (int i = 0; i < steps.Count; i++)
        {
            if (_events.Step(first + i, epoch, steps[i], took / steps.Count) is { } difference)
                Warn(difference);
        }

        // Published first: the step is committed, and a coordinator that continues from here must not miss it.
        EnsureWritable();
    }

    /// <summary>An epoch is done.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="loss">Its mean training loss.</param>
    /// <param name="held">What its evaluation gave; null where nothing is held out.</param>
    /// <param name="metrics">The losses in the data's own units.</param>
    /// <param name="took">How long it took.</param>
    public void FinishEpoch(int epoch, double loss, HeldOutFigures? held, IReadOnlyList<Metric> metrics, TimeSpan took)
    {
        _status = _status with
        {
            EpochLosses = [.. _status.EpochLosses, loss],
            ValidationLosses = held is null ? _status.ValidationLosses : [.. _status.ValidationLosses, held.Loss],
            Metrics = metrics,
            HeldOut = held?.Size,
        };
        _events.Epoch(epoch, _status.Step, loss, held, metrics, took);
        EnsureInForce();
        StatusFile?.Request();
    }

    /// <summary>The test is done.</summary>
    /// <param name="figures">What it gave.</param>
    /// <param name="took">How long it took.</param>
    public void Test(HeldOutFigures figures, TimeSpan took)
    {
        _status = _status with { Test = new(_status.Step, figures) };
        _events.Test(_status.EpochLosses.Count, _status.Step, figures, took);
        EnsureInForce();
        StatusFile?.Request();
    }

    /// <summary>Which parameters the run leaves as its model, null for those after the last step; and the hash of its last state.</summary>
    public void Leaves(ModelOutput? output, StateHash? hash) => _status = _status with { Output = output, StateHash = hash };

    /// <summary>Writes every figure of an evaluation where its event cannot have all. If they cannot be written, the run warns.</summary>
    /// <param name="totals">The evaluation.</param>
    /// <param name="isLast">Whether it is the last one of its part.</param>
    public void WriteTable(EvaluationTotals totals, bool isLast)
    {
        var directory = _store.Of(Run);
        string path = totals.Part == HeldOutPart.Test ? directory.TestTable : directory.ValidationTable;
        try
        {
            RunStore.WriteTable(path, text => EvaluationReport.Write(totals, text), isLast, _fence);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Warn($"{path} cannot be written: {e.Message}");
        }
    }

    /// <summary>A checkpoint is on the disk. Called from another thread.</summary>
    public void Checkpoint(string name, long step, long bytes, double seconds)
    {
        _side = new(step, "");
        _events.Append(new CheckpointWritten { Name = name, Step = step, Bytes = bytes, Seconds = seconds });
    }

    /// <summary>Something is wrong, and the run continues. Called from any thread.</summary>
    public void Warn(string message)
    {
        _side = _side with { Warning = message };
        _events.Append(new RunWarning { Message = message });
        StatusFile?.Request();
    }

    /// <summary>The status has changed in a way that a coordinator after this one should know soon.</summary>
    public void Touch() => StatusFile?.Request();

    /// <summary>Writes the status now.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void WriteStatus() => _store.Write(Snapshot(), _fence);

    /// <summary>Completes when not too many events wait to be written.</summary>
    public Task Room => Journal.Room;

    /// <summary>Writes the status while the run is trained; null before and for a run that never will be.</summary>
    private StatusFile? StatusFile { get; set; }

    private void EnsureWritable()
    {
        if (Journal.Failure is not { } failure)
            return;
        EnsureInForce();
        throw new RunLeftException(RunState.Failed, $"cannot write metrics.jsonl: {failure.Message}");
    }

    /// <summary>
    /// What the writer of checkpoints knows: it lives on a separate thread, and all else changes on the coordinator's scheduler.
    /// </summary>
    private sealed record Side(long? CheckpointStep, string Warning);
}
