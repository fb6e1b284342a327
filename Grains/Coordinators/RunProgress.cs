using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>How far a run is: keeps its status, writes its events, and its status file every now and then.</summary>
internal sealed class RunProgress(RunStatus status, RunStore store, RunJournal journal, TimeProvider time)
{
    private static readonly TimeSpan StatusPeriod = TimeSpan.FromSeconds(2);
    private readonly RateMeter _rates = new(time);
    private RunStatus _status = status;
    private TrainerGroup? _trainers;
    private long _statusWritten;

    /// <summary>The run.</summary>
    public RunId Run { get; } = RunId.Parse(status.Id);

    /// <summary>The generation in force.</summary>
    public int Generation => _status.Generation;

    /// <summary>The events.</summary>
    public RunJournal Journal => journal;

    /// <summary>The state of the run at this moment.</summary>
    public RunStatus Snapshot()
    {
        var (steps, sequenceSteps) = _rates.Rates();
        bool ended = _status.HasEnded;
        return _status with
        {
            StepsPerSecond = ended ? 0 : steps,
            SequenceStepsPerSecond = ended ? 0 : sequenceSteps,
            Trainers = _trainers?.Status ?? [],
            LastEvent = journal.Last,
            UpdatedAt = time.GetUtcNow(),
        };
    }

    /// <summary>The coordinator has the data open and is about to place the trainers.</summary>
    public void Begin(RunSpec spec, TrainerGroup trainers, int parameters, long stepsPerEpoch)
    {
        _trainers = trainers;
        _status = _status with { Parameters = parameters, StepsPerEpoch = stepsPerEpoch };
        TakeGeneration();
        journal.Append(new RunStarted
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
    }

    /// <summary>Begins a new generation.</summary>
    public void TakeGeneration() => _status = _status with { Generation = store.TakeGeneration(Run) };

    /// <summary>An epoch begins, counted from 0.</summary>
    public void BeginEpoch(int epoch, long chunks)
    {
        _status = _status with { State = RunState.Running, Epoch = epoch + 1, StepsPerEpoch = chunks, EpochStep = 0 };
        WriteStatus();
    }

    /// <summary>A step is committed; epochs counted from 0.</summary>
    /// <exception cref="RunEndedException">Events can no longer be written.</exception>
    public void Commit(long step, int epoch, StepOutcome.Committed outcome, long sequenceSteps, TimeSpan took)
    {
        if (journal.Failure is { } failure)
            throw new RunEndedException(RunState.Failed, $"cannot write metrics.jsonl: {failure.Message}");
        _rates.Add(sequenceSteps);
        _status = _status with
        {
            Step = step, EpochStep = _status.EpochStep + 1, SequenceSteps = _status.SequenceSteps + sequenceSteps, Loss = outcome.Loss,
        };
        journal.Append(new StepCommitted
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
        if (time.GetElapsedTime(_statusWritten) > StatusPeriod)
            WriteStatus();
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
        journal.Append(new EpochFinished
        {
            Generation = Generation,
            Epoch = epoch + 1,
            Step = _status.Step,
            Loss = loss,
            ValidationLoss = validationLoss,
            Metrics = metrics,
            Seconds = took.TotalSeconds,
        });
        WriteStatus();
    }

    /// <summary>Trainers were placed again, and the step is about to be run again.</summary>
    public void Recover(long step, IReadOnlyList<int> lost, string reason, TimeSpan took) => journal.Append(new TrainersRecovered
    {
        Generation = Generation, Step = step, Trainers = lost, Reason = reason, Seconds = took.TotalSeconds,
    });

    /// <summary>The run has ended: events and status reach the disk before any watcher learns of it.</summary>
    public async Task Finish(RunState state, string message, string? model)
    {
        var now = time.GetUtcNow();
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
        await journal.AppendLast(ended, WriteStatus);
    }

    private void WriteStatus()
    {
        store.Write(Snapshot());
        _statusWritten = time.GetTimestamp();
    }
}
