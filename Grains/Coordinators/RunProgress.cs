using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>
/// How far a run is: keeps its status, writes its events, and its status file every now and then. Where a newer coordinator has taken the run
/// over, it writes no more.
/// </summary>
internal sealed class RunProgress
{
    private readonly Lock _fence = new();
    private readonly RunStore _store;
    private readonly TimeProvider _time;
    private readonly RateMeter _rates;
    private RunStatus _status;
    private TrainerGroup? _trainers;

    /// <summary>Takes the run's next generation and, under it, opens the journal.</summary>
    public RunProgress(RunStatus status, RunStore store, TimeProvider time)
    {
        (Run, _store, _time, _rates) = (RunId.Parse(status.Id), store, time, new(time));
        _status = status with { Generation = store.TakeGeneration(Run) };
        Journal = store.OpenJournal(Run, () => IsInForce);
    }

    /// <summary>The run.</summary>
    public RunId Run { get; }

    /// <summary>The generation in force.</summary>
    public int Generation => _status.Generation;

    /// <summary>The events.</summary>
    public RunJournal Journal { get; }

    /// <summary>Writes the status while the run is trained; null before and for a run that never will be.</summary>
    private StatusFile? StatusFile { get; set; }

    /// <summary>Whether no newer coordinator has taken the run over.</summary>
    public bool IsInForce
    {
        get
        {
            lock (_fence)
                return _store.IsNewest(Run, Generation);
        }
    }

    /// <summary>The state of the run at this moment. Safe to ask from any thread.</summary>
    public RunStatus Snapshot()
    {
        var (steps, sequenceSteps) = _rates.Rates();
        bool ended = _status.HasEnded;
        return _status with
        {
            StepsPerSecond = ended ? 0 : steps,
            SequenceStepsPerSecond = ended ? 0 : sequenceSteps,
            Trainers = _trainers?.Status ?? [],
            LastEvent = Journal.Last,
            UpdatedAt = _time.GetUtcNow(),
        };
    }

    /// <summary>The coordinator has the data open and is about to place the trainers.</summary>
    public void Begin(RunSpec spec, TrainerGroup trainers, int parameters, long stepsPerEpoch)
    {
        _trainers = trainers;
        _status = _status with { Parameters = parameters, StepsPerEpoch = stepsPerEpoch };
        Journal.Append(new RunStarted
        {
            Generation = Generation,
            Run = Run.Text,
            Name = spec.Name,
            Epochs = spec.Train.Epochs,
            StepsPerEpoch = stepsPerEpoch,
            Trainers = spec.Train.Trainers,
            Lanes = spec.Data.BatchSize,
            Parameters = parameters,
            Directory = _status.Directory,
        });
        _rates.Start();
        StatusFile = new(_store, Snapshot, () => IsInForce, _time);
    }

    /// <summary>Begins the generation after this one.</summary>
    /// <exception cref="RunEndedException">A newer coordinator has it.</exception>
    public void TakeGeneration()
    {
        lock (_fence)
        {
            if (!_store.TryTakeGeneration(Run, Generation + 1))
                throw Superseded();
            _status = _status with { Generation = Generation + 1 };
        }
    }

    /// <summary>Ends a coordinator that a newer one has replaced.</summary>
    /// <exception cref="RunEndedException">A newer coordinator has taken the run over.</exception>
    public void EnsureInForce()
    {
        if (!IsInForce)
            throw Superseded();
    }

    /// <summary>An epoch begins, counted from 0.</summary>
    public void BeginEpoch(int epoch, long chunks)
    {
        EnsureInForce();
        _status = _status with { State = RunState.Running, Epoch = epoch + 1, StepsPerEpoch = chunks, EpochStep = 0 };
        StatusFile?.Request();
    }

    /// <summary>A step is committed; epochs counted from 0.</summary>
    /// <exception cref="RunEndedException">Events can no longer be written.</exception>
    public void Commit(long step, int epoch, StepOutcome.Committed outcome, long sequenceSteps, TimeSpan took)
    {
        EnsureWritable();
        _rates.Add(sequenceSteps);
        _status = _status with
        {
            Step = step, EpochStep = _status.EpochStep + 1, SequenceSteps = _status.SequenceSteps + sequenceSteps, Loss = outcome.Loss,
        };
        Journal.Append(new StepCommitted
        {
            Generation = Generation,
            Step = step,
            Epoch = epoch + 1,
            Loss = outcome.Loss,
            GradientNorm = outcome.GradientNorm,
            LearningRate = outcome.LearningRate,
            Weight = outcome.Weight,
            Seconds = took.TotalSeconds,
        });
    }

    /// <summary>An epoch is done, counted from 0.</summary>
    public void FinishEpoch(int epoch, double loss, double? validationLoss, IReadOnlyList<Metric> metrics, TimeSpan took)
    {
        _status = _status with
        {
            EpochLosses = [.. _status.EpochLosses, loss],
            ValidationLosses = validationLoss is { } held ? [.. _status.ValidationLosses, held] : _status.ValidationLosses,
            Metrics = metrics,
        };
        Journal.Append(new EpochFinished
        {
            Generation = Generation,
            Epoch = epoch + 1,
            Step = _status.Step,
            Loss = loss,
            ValidationLoss = validationLoss,
            Metrics = metrics,
            Seconds = took.TotalSeconds,
        });
        EnsureInForce();
        StatusFile?.Request();
    }

    /// <summary>Trainers were placed again, and the step is about to be run again.</summary>
    public void Recover(long step, IReadOnlyList<int> lost, string reason, TimeSpan took) => Journal.Append(new TrainersRecovered
    {
        Generation = Generation, Step = step, Trainers = lost, Reason = reason, Seconds = took.TotalSeconds,
    });

    /// <summary>Returns when everything so far is on the disk.</summary>
    /// <exception cref="RunEndedException">It cannot be written.</exception>
    public async Task Settle()
    {
        await Journal.Flush();
        if (StatusFile is { } file)
            await file.DisposeAsync();
        EnsureWritable();
    }

    /// <summary>
    /// The run has ended: events and status reach the disk before any watcher learns of it. What a coordinator that was replaced ends with is
    /// no part of the run.
    /// </summary>
    public async Task Finish(RunState state, string message, string? model)
    {
        if (StatusFile is { } file)
            await file.DisposeAsync();
        var now = _time.GetUtcNow();
        _status = _status with { State = state, Message = message, EndedAt = now };
        var ended = new RunEnded
        {
            Generation = Generation,
            State = state,
            Message = message,
            Step = _status.Step,
            Model = model,
            Seconds = (now - _status.SubmittedAt).TotalSeconds,
        };
        if (IsInForce)
            await Journal.AppendLast(ended, WriteStatus);
    }

    /// <summary>Writes the status of a run whose end is in the journal already.</summary>
    public RunStatus EndAs(RunEnded end)
    {
        _status = _status with { State = end.State, Message = end.Message, Step = end.Step, EndedAt = _time.GetUtcNow() };
        WriteStatus();
        return Snapshot();
    }

    private void EnsureWritable()
    {
        if (Journal.Failure is { } failure)
            throw new RunEndedException(RunState.Failed, $"cannot write metrics.jsonl: {failure.Message}");
        if (StatusFile?.Failure is { } statusFailure)
            throw new RunEndedException(RunState.Failed, $"cannot write status.json: {statusFailure.Message}");
    }

    private void WriteStatus()
    {
        EnsureInForce();
        _store.Write(Snapshot());
    }

    private static RunEndedException Superseded() => new(RunState.Failed, "another coordinator has taken the run over");
}
