using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>What the events and the statuses of a run add up to. Events of a resumed run may tell an epoch again; the last word counts.</summary>
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

    /// <summary>The last recovery; null when there was none.</summary>
    public TrainersRecovered? Recovery { get; private set; }

    /// <summary>How many recoveries there were.</summary>
    public int Recoveries { get; private set; }

    /// <summary>The last time that trainers moved; null when they never did.</summary>
    public TrainersMoved? Move { get; private set; }

    /// <summary>How many moves there were.</summary>
    public int Moves { get; private set; }

    /// <summary>The newest checkpoint; null before the first.</summary>
    public CheckpointWritten? Checkpoint { get; private set; }

    /// <summary>Checkpoints that the last resumption passed over, each with what is wrong with it.</summary>
    public IReadOnlyList<string> PassedOver { get; private set; } = [];

    /// <summary>The pause that nobody has ended yet; null when there is none.</summary>
    public RunPaused? Paused { get; private set; }

    /// <summary>The end; null before it, and again when somebody has resumed the run.</summary>
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

    /// <summary>Steps of <see cref="Epoch"/>: those of the first one until a status tells.</summary>
    public long StepsPerEpoch => Current?.StepsPerEpoch ?? Started?.StepsPerEpoch ?? 0;

    /// <summary>Steps of <see cref="Epoch"/> that are committed.</summary>
    public long StepsInEpoch => Math.Clamp(Current?.EpochStep ?? ((Step?.Step ?? 0) - StepsBefore(Epoch)), 0, StepsPerEpoch);

    /// <summary>Whether an epoch was seen that is not as long as the first one: then <see cref="StepsLeft"/> is an estimate.</summary>
    public bool EpochsVary => Started is { } started && StepsPerEpoch != started.StepsPerEpoch
        || _epochs.Values.Any(epoch => epoch.Step != epoch.Epoch * Started?.StepsPerEpoch);

    /// <summary>Steps to the end of the run, if the epochs to come are as long as those so far are in the mean.</summary>
    public double StepsLeft
    {
        get
        {
            double mean = (double)(StepsBefore(Epoch) + StepsPerEpoch) / Epoch;
            return StepsPerEpoch - StepsInEpoch + (Math.Max((Started?.Epochs ?? 0) - Epoch, 0) * mean);
        }
    }

    /// <summary>Where the run stands.</summary>
    public RunState State => Ended is { } ended && !IsResumed(ended) ? ended.State
        : Status?.State ?? (Paused is not null ? RunState.Paused : Started is null ? RunState.Starting : RunState.Running);

    /// <summary>What is wrong while the run goes on; empty when all is well again.</summary>
    public string Warning => Status is { } status ? status.Warning : _warning;

    /// <summary>Takes an event in.</summary>
    public void Add(RunEvent? runEvent)
    {
        Generation = Math.Max(Generation, runEvent?.Generation ?? 0);
        switch (runEvent)
        {
            case RunStarted started:
                Started ??= started;
                (Ended, Paused, PassedOver) = (null, null, started.PassedOver);
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
            case TrainersRecovered recovery:
                Recovery = recovery;
                Recoveries++;
                break;
            case TrainersMoved move:
                Move = move;
                Moves++;
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

    /// <summary>Takes a status in.</summary>
    public void Add(RunStatus status) => Status = status;

    private bool IsResumed(RunEnded ended) => Status is { HasEnded: false } status && status.LastEvent >= ended.Number && ended.Number > 0;

    private int EpochOfEvents => Math.Max(Step?.Epoch ?? 1, Epochs.LastOrDefault()?.Epoch ?? 1);

    /// <summary>The last status, if it knows the epoch that the events tell of, or a later one.</summary>
    private RunStatus? Current => Status is { StepsPerEpoch: > 0 } status && status.Epoch >= EpochOfEvents ? status : null;

    private long StepsBefore(int epoch) => _epochs.TryGetValue(epoch - 1, out var before) ? before.Step : (epoch - 1) * (Started?.StepsPerEpoch ?? 0);
}
