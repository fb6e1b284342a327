using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Journal;

/// <summary>
/// Publishes a run's events, each once: of steps that are computed again, what a former coordinator published is compared with the new
/// result and not published again. May be called from any thread.
/// </summary>
/// <param name="fence">The generation in force.</param>
/// <param name="journal">Takes the events.</param>
/// <param name="published">What was published of the steps after the state that the run continues from.</param>
/// <param name="time">The clock.</param>
internal sealed class EventPublisher(RunFence fence, RunJournal journal, PublishedEvents published, TimeProvider time)
{
    private bool _differenceReported;
    private int _every = 1;
    private IReadOnlyList<AuditFinding> _suspect = [];

    /// <summary>The last step that was published before; 0 for none.</summary>
    public long LastStep => published.LastStep;

    /// <summary>The last epoch that was published before, from 1; 0 for none.</summary>
    public int LastEpoch => published.LastEpoch;

    /// <inheritdoc cref="PublishedEvents.NumberOf"/>
    public long NumberBefore(long step, int? epoch) => published.NumberOf(step, epoch);

    /// <summary>A coordinator begins.</summary>
    public void Start(RunSpec spec, RunStatus status, string? checkpoint, IReadOnlyList<string> passedOver)
    {
        (_every, _suspect) = (spec.Metrics.Every, status.Audit?.Findings ?? []);
        Append(new RunStarted
        {
            Run = status.Id,
            Name = spec.Name,
            Epochs = spec.Train.Epochs,
            StepsPerEpoch = status.StepsPerEpoch,
            Trainers = status.Trainers.Count,
            Shards = spec.Train.ShardCount,
            Lanes = spec.Data.BatchSize,
            Parameters = status.Parameters,
            Directory = status.Directory,
            Step = status.Step,
            Checkpoint = checkpoint,
            Fork = status.Fork,
            PassedOver = passedOver,
            Data = status.Data,
        });
    }

    /// <summary>A step is committed; epochs counted from 0. Its event is kept if the spec's <c>metrics.every</c> divides it.</summary>
    /// <returns>
    /// The difference in words if it was published with another loss, or with the hash of another state, the first time. Otherwise null.
    /// </returns>
    public string? Step(long step, int epoch, StepOutcome.Committed outcome, TimeSpan took)
    {
        if (step <= published.LastStep)
            return Difference(step, outcome);
        if (step % _every != 0)
            return null;
        Append(new StepCommitted
        {
            Step = step,
            Epoch = epoch + 1,
            Loss = outcome.Loss,
            GradientNorm = outcome.GradientNorm,
            DifferenceNorm = outcome.DifferenceNorm,
            LearningRate = outcome.LearningRate,
            Weight = outcome.Weight,
            Seconds = took.TotalSeconds,
            StateHash = outcome.Hash,
        });
        return null;
    }

    /// <summary>An epoch is done, counted from 0.</summary>
    public void Epoch(int epoch, long step, double loss, HeldOutFigures? held, IReadOnlyList<Metric> metrics, TimeSpan took)
    {
        if (epoch + 1 <= published.LastEpoch)
            return;
        Append(new EpochFinished
        {
            Epoch = epoch + 1,
            Step = step,
            Loss = loss,
            ValidationLoss = held?.Loss,
            Metrics = metrics,
            HeldOut = held?.Size,
            Seconds = took.TotalSeconds,
        });
    }

    /// <summary>The test is done, with the parameters after a step, the last one of so many epochs.</summary>
    public void Test(int epochs, long step, HeldOutFigures figures, TimeSpan took)
    {
        if (step == published.LastTest)
            return;
        Append(new RunTested
        {
            Epoch = epochs,
            Step = step,
            Loss = figures.Loss,
            Metrics = figures.Metrics,
            HeldOut = figures.Size,
            Seconds = took.TotalSeconds,
        });
    }

    /// <summary>Publishes an event that is published whenever it happens.</summary>
    public void Append(RunEvent runEvent) => journal.Append(Stamped(runEvent));

    /// <summary>
    /// Publishes the end: writes it to the disk first, then calls <paramref name="beforeShown"/>, and only then shows it to watchers.
    /// </summary>
    public Task End(RunEnded end, Action beforeShown) => journal.AppendLast(Stamped(end), beforeShown);

    private RunEvent Stamped(RunEvent runEvent) => runEvent with { Generation = fence.Generation, Time = time.GetUtcNow() };

    /// <summary>Names the newest finding of an audit that makes the published step suspect.</summary>
    private string Found(long step) => _suspect.LastOrDefault(one => one.SuspectFrom <= step && step < one.Step) is { } finding
        ? $"; an audit had found the published one suspect: {finding.Words}" : "";

    private string? Difference(long step, StepOutcome.Committed now)
    {
        if (published.Difference(step, now.Loss, now.Hash) is not { } difference || _differenceReported)
            return null;
        _differenceReported = true;
        return $"step {step} had {difference} now: one of the two is wrong, or another processor or a changed file gave other bits, so the "
            + $"run is no longer the same to the bit{Found(step)}; the published events remain as they were";
    }
}
