using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>The history of a run, accumulated from its events. Of unbounded lists only the newest items are kept.</summary>
/// <param name="clipNorm">The norm above which a gradient is clipped; null where none is.</param>
/// <param name="countsElements">Whether the weights of steps are numbers of elements.</param>
internal sealed class RunHistory(double? clipNorm, bool countsElements = true)
{
    private const int Kept = 100;

    /// <summary>For so many of the newest starts the event before is looked up, which reads a segment each.</summary>
    private const int StartsLookedUp = 8;
    private readonly SortedList<int, EpochFinished> _epochs = [];
    private readonly List<CheckpointWritten> _checkpoints = [];
    private readonly List<Interruption> _interruptions = [];
    private readonly List<RunWarning> _warnings = [];
    private RunEvent? _last;

    /// <summary>The first start; null before it.</summary>
    public RunStarted? Started { get; private set; }

    /// <summary>The number of the last event.</summary>
    public long Number { get; set; }

    /// <summary>The norm above which a gradient is clipped; null where none is.</summary>
    public double? ClipNorm => clipNorm;

    /// <summary>Whether the weights of steps are numbers of elements (<see cref="LossSpec.CountsElements"/>).</summary>
    public bool CountsElements => countsElements;

    /// <summary>The history of a run, still empty.</summary>
    /// <param name="train">How it is trained; null where nobody knows.</param>
    public static RunHistory Of(TrainSpec? train) => new(train?.ClipNorm, train?.Loss.CountsElements ?? true);

    /// <summary>The steps.</summary>
    public StepSeries Steps { get; } = new();

    /// <summary>The finished epochs, in order.</summary>
    public IReadOnlyCollection<EpochFinished> Epochs => _epochs.Values.AsReadOnly();

    /// <summary>The epochs that ended at a step or after it, in order.</summary>
    public IEnumerable<EpochFinished> EpochsFrom(long step)
    {
        int first = _epochs.Count;
        while (first > 0 && _epochs.Values[first - 1].Step >= step)
            first--;
        return _epochs.Values.Skip(first);
    }

    /// <summary>The newest checkpoints, in order.</summary>
    public IReadOnlyList<CheckpointWritten> Checkpoints => _checkpoints;

    /// <summary>How many checkpoints were written.</summary>
    public int CheckpointsWritten { get; private set; }

    /// <summary>The interruptions of training, in order.</summary>
    public IReadOnlyList<Interruption> Interruptions => _interruptions;

    /// <summary>The newest warnings, in order.</summary>
    public IReadOnlyList<RunWarning> Warnings => _warnings;

    /// <summary>Checkpoints that the last start skipped, each with its defect.</summary>
    public IReadOnlyList<string> PassedOver { get; private set; } = [];

    /// <summary>The end; null before it, and again after a resume.</summary>
    public RunEnded? Ended { get; private set; }

    /// <summary>
    /// Begins with the closed segments of a run's journal: their steps as aggregates, and all other events. A run of a billion steps takes
    /// no longer than its index.
    /// </summary>
    /// <returns>The number of the last event that is included.</returns>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public long Load(JournalReader journal)
    {
        var others = journal.ReadClosedOthers(0, out long closed).Select(RunJson.ReadEventOrNull).OfType<RunEvent>().ToList();
        if (closed == 0)
            return 0;

        // The event before a start says since when nobody had trained: where that is a step, it is looked up.
        var starts = others.OfType<RunStarted>().Skip(1).TakeLast(StartsLookedUp).ToHashSet();
        foreach (var one in others)
        {
            if (one is RunStarted start && starts.Contains(start) && _last?.Number < start.Number - 1
                && journal.Read(start.Number - 2, 1).Lines is [var line] && RunJson.ReadEventOrNull(line) is { } before)
                _last = before;
            Add(one);
        }

        Steps.Load(journal);
        return Number = closed;
    }

    /// <summary>Adds an event.</summary>
    public void Add(RunEvent one)
    {
        switch (one)
        {
            case RunStarted started:
                Start(started);
                break;
            case StepCommitted step:
                Steps.Add(step, clipNorm);
                break;
            case EpochFinished epoch:
                _epochs[epoch.Epoch] = epoch;
                break;
            case TrainersRecovered lost:
                Interrupt(new(InterruptionKind.Recovery, Before(lost, lost.Seconds), lost.Time, lost.Trainers, lost.Step, lost.Reason));
                break;
            case TrainersMoved moved:
                Interrupt(new(InterruptionKind.Move, Before(moved, moved.Seconds), moved.Time, moved.Trainers, moved.Step, moved.Reason));
                break;
            case TrainersResized resized:
                Interrupt(new(InterruptionKind.Resize, Before(resized, resized.Seconds), resized.Time, [], resized.Step,
                    EventText.Of(resized) ?? ""));
                break;
            case CheckpointWritten checkpoint:
                CheckpointsWritten++;
                Keep(_checkpoints, checkpoint);
                break;
            case RunWarning warning:
                Keep(_warnings, warning);
                break;
            case RunEnded ended:
                Ended = ended;
                break;
        }

        (Number, _last) = (one.Number, one);
    }

    private void Start(RunStarted started)
    {
        if (_last is { } last)
        {
            var (kind, reason) = last switch
            {
                RunPaused or RunEnded => (InterruptionKind.Pause, "resumed"),

                // Where that step could not be saved, steps are computed again as after a loss.
                RunHandedOver handover when started.Step >= handover.Step => (InterruptionKind.Handover, handover.Reason),
                _ => (InterruptionKind.Takeover, "the coordinator's silo was lost, and another one took the run over"),
            };
            Interrupt(new(kind, last.Time, started.Time, [], started.Step, reason));
        }

        Started ??= started;
        (Ended, PassedOver) = (null, started.PassedOver);
    }

    private void Interrupt(Interruption one) => Keep(_interruptions, one);

    private static void Keep<T>(List<T> all, T one)
    {
        all.Add(one);
        if (all.Count > Kept)
            all.RemoveAt(0);
    }

    /// <summary>Journals are not trusted: an impossible duration counts as zero.</summary>
    private static DateTimeOffset Before(RunEvent one, double seconds) => seconds > 0
        && seconds < one.Time.Subtract(DateTimeOffset.MinValue).TotalSeconds ? one.Time - TimeSpan.FromSeconds(seconds) : one.Time;
}
