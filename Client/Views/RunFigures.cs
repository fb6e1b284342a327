using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>
/// The figures of a run, accumulated from its events and statuses. A resumed run may report an epoch again; the last report counts.
/// </summary>
internal sealed class RunFigures
{
    private readonly SortedDictionary<int, EpochFinished> _epochs = [];
    private string _warning = "";

    /// <summary>The first start; null before it.</summary>
    public RunStarted? Started { get; private set; }

    /// <summary>The coordinator's generation.</summary>
    public int Generation { get; private set; }

    /// <summary>The last committed step; null before the first.</summary>
    public StepCommitted? Step { get; private set; }

    /// <summary>The test; null before it, and again after a resume.</summary>
    public RunTested? Test { get; private set; }

    /// <summary>The last recovery; null when there was none.</summary>
    public TrainersRecovered? Recovery { get; private set; }

    /// <summary>How many recoveries there were.</summary>
    public int Recoveries { get; private set; }

    /// <summary>The last move of trainers; null when there was none.</summary>
    public TrainersMoved? Move { get; private set; }

    /// <summary>How many moves there were.</summary>
    public int Moves { get; private set; }

    /// <summary>The last change of the number of trainers; null when there was none.</summary>
    public TrainersResized? Resize { get; private set; }

    /// <summary>The newest checkpoint; null before the first.</summary>
    public CheckpointWritten? Checkpoint { get; private set; }

    /// <summary>Checkpoints that the last resumption skipped, each with its defect.</summary>
    public IReadOnlyList<string> PassedOver { get; private set; } = [];

    /// <summary>The pause in effect; null when there is none.</summary>
    public RunPaused? Paused { get; private set; }

    /// <summary>The end; null before it, and again after a resume.</summary>
    public RunEnded? Ended { get; private set; }

    /// <summary>The last status; null before the first.</summary>
    public RunStatus? Status { get; private set; }

    /// <summary>The finished epochs, in order.</summary>
    public IReadOnlyCollection<EpochFinished> Epochs => _epochs.Values;

    /// <summary>The course of the step's losses.</summary>
    public LossTrend Trend { get; } = new();

    /// <summary>The course of the validation losses.</summary>
    public LossTrend ValidationTrend { get; } = new();

    /// <summary>The epoch in training, from 1.</summary>
    public int Epoch => Current?.Epoch ?? EpochOfEvents;

    /// <summary>Steps of <see cref="Epoch"/>; until a status gives them, the steps of the first epoch.</summary>
    public long StepsPerEpoch => Current?.StepsPerEpoch ?? Started?.StepsPerEpoch ?? 0;

    /// <summary>Steps of <see cref="Epoch"/> that are committed.</summary>
    public long StepsInEpoch => Math.Clamp(Current?.EpochStep ?? ((Step?.Step ?? 0) - StepsBefore(Epoch)), 0, StepsPerEpoch);

    /// <summary>Whether epochs differ in length, so that <see cref="StepsLeft"/> is an estimate.</summary>
    public bool EpochsVary => Started is { } started && StepsPerEpoch != started.StepsPerEpoch
        || _epochs.Values.Any(epoch => epoch.Step - FirstStep != epoch.Epoch * Started?.StepsPerEpoch);

    /// <summary>Steps to the end of the run, assuming the mean length of the epochs so far for those to come.</summary>
    public double StepsLeft
    {
        get
        {
            double mean = (double)(StepsBefore(Epoch) - FirstStep + StepsPerEpoch) / Epoch;
            return StepsPerEpoch - StepsInEpoch + (Math.Max((Started?.Epochs ?? 0) - Epoch, 0) * mean);
        }
    }

    /// <summary>The run's state.</summary>
    public RunState State => Ended is { } ended && !IsResumed(ended) ? ended.State
        : Status?.State ?? (Paused is not null ? RunState.Paused : Started is null ? RunState.Starting : RunState.Running);

    /// <inheritdoc cref="RunStatus.WaitsForRows"/>
    public bool WaitsForRows => State == RunState.Running && Status is { WaitsForRows: true };

    /// <summary>The warning in effect; empty when there is none.</summary>
    public string Warning => Status is { } status ? status.Warning : _warning;

    /// <summary>Adds an event.</summary>
    public void Add(RunEvent? runEvent)
    {
        Generation = Math.Max(Generation, runEvent?.Generation ?? 0);
        switch (runEvent)
        {
            case RunStarted started:
                // A run that is trained further has more epochs than at its first start.
                Started = (Started ?? started) with { Epochs = started.Epochs };
                (Ended, Paused, Test, PassedOver) = (null, null, null, started.PassedOver);
                break;
            case StepCommitted step:
                Step = step;
                Trend.Add(step.Loss);
                break;
            case EpochFinished epoch:
                if (!_epochs.ContainsKey(epoch.Epoch) && epoch.ValidationLoss is { } loss)
                    ValidationTrend.Add(loss);
                _epochs[epoch.Epoch] = epoch;
                break;
            case RunTested test:
                Test = test;
                break;
            case TrainersRecovered recovery:
                Recovery = recovery;
                Recoveries++;
                break;
            case TrainersMoved move:
                Move = move;
                Moves++;
                break;
            case TrainersResized resize:
                Resize = resize;
                break;
            case CheckpointWritten checkpoint:
                Checkpoint = checkpoint;
                break;
            case RunPaused paused:
                Paused = paused;
                break;
            case RunWarning warning:
                _warning = warning.Message;
                break;
            case RunEnded ended:
                Ended = ended;
                break;
        }
    }

    /// <summary>Adds a status.</summary>
    public void Add(RunStatus status) => Status = status;

    private bool IsResumed(RunEnded ended) => Status is { HasEnded: false } status && status.LastEvent >= ended.Number && ended.Number > 0;

    private int EpochOfEvents => Math.Max(Step?.Epoch ?? 1, Epochs.LastOrDefault()?.Epoch ?? 1);

    /// <summary>The last status, unless it is of an earlier epoch than the events.</summary>
    private RunStatus? Current => Status is { StepsPerEpoch: > 0 } status && status.Epoch >= EpochOfEvents ? status : null;

    /// <summary>The steps that led to where the run began: those of the run that it extends.</summary>
    private long FirstStep => Started is { Checkpoint: null } started ? started.Step : 0;

    private long StepsBefore(int epoch) => _epochs.TryGetValue(epoch - 1, out var before) ? before.Step
        : FirstStep + ((epoch - 1) * (Started?.StepsPerEpoch ?? 0));
}
