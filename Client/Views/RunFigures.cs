using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>What the events and the statuses of a run add up to. Events of a resumed run may tell an epoch again; the last word counts.</summary>
internal sealed class RunFigures
{
    private readonly SortedDictionary<int, EpochFinished> _epochs = [];

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

    /// <summary>The end; null before it.</summary>
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
    public RunState State => Ended?.State ?? Status?.State ?? (Started is null ? RunState.Starting : RunState.Running);

    /// <summary>Takes an event in.</summary>
    public void Add(RunEvent? runEvent)
    {
        Generation = Math.Max(Generation, runEvent?.Generation ?? 0);
        switch (runEvent)
        {
            case RunStarted started:
                Started ??= started;
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
            case RunEnded ended:
                Ended = ended;
                break;
        }
    }

    /// <summary>Takes a status in.</summary>
    public void Add(RunStatus status) => Status = status;

    private int EpochOfEvents => Math.Max(Step?.Epoch ?? 1, Epochs.LastOrDefault()?.Epoch ?? 1);

    /// <summary>The last status, if it knows the epoch that the events tell of, or a later one.</summary>
    private RunStatus? Current => Status is { StepsPerEpoch: > 0 } status && status.Epoch >= EpochOfEvents ? status : null;

    private long StepsBefore(int epoch) => _epochs.TryGetValue(epoch - 1, out var before) ? before.Step : (epoch - 1) * (Started?.StepsPerEpoch ?? 0);
}
