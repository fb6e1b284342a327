using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Journal;

/// <summary>
/// Tells a run's events, each once: what a former coordinator told of steps that are computed again is compared with what they come to now, and not told
/// again. May be called from any thread.
/// </summary>
/// <param name="fence">The generation in force.</param>
/// <param name="journal">Takes the events.</param>
/// <param name="told">What was told of the steps after the state that the run goes on from.</param>
/// <param name="time">The clock.</param>
internal sealed class EventPublisher(RunFence fence, RunJournal journal, PublishedEvents told, TimeProvider time)
{
    private bool _differenceTold;

    /// <summary>The last step that was told before; 0 for none.</summary>
    public long LastStep => told.LastStep;

    /// <summary>The last epoch that was told before, from 1; 0 for none.</summary>
    public int LastEpoch => told.LastEpoch;

    /// <inheritdoc cref="PublishedEvents.NumberOf"/>
    public long NumberBefore(long step, int? epoch) => told.NumberOf(step, epoch);

    /// <summary>A coordinator begins.</summary>
    public void Start(RunSpec spec, RunStatus status, string? checkpoint, IReadOnlyList<string> passedOver) => Append(new RunStarted
    {
        Run = status.Id,
        Name = spec.Name,
        Epochs = spec.Train.Epochs,
        StepsPerEpoch = status.StepsPerEpoch,
        Trainers = spec.Train.Trainers,
        Lanes = spec.Data.BatchSize,
        Parameters = status.Parameters,
        Directory = status.Directory,
        Step = status.Step,
        Checkpoint = checkpoint,
        PassedOver = passedOver,
    });

    /// <summary>A step is committed; epochs counted from 0.</summary>
    /// <returns>Where it was told before with another loss: the difference in words, the first time. Otherwise null.</returns>
    public string? Step(long step, int epoch, StepOutcome.Committed outcome, TimeSpan took)
    {
        if (step <= told.LastStep)
            return Difference(step, outcome.Loss);
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
        });
        return null;
    }

    /// <summary>An epoch is done, counted from 0.</summary>
    public void Epoch(int epoch, long step, double loss, double? validationLoss, IReadOnlyList<Metric> metrics, TimeSpan took)
    {
        if (epoch + 1 <= told.LastEpoch)
            return;
        Append(new EpochFinished
        {
            Epoch = epoch + 1,
            Step = step,
            Loss = loss,
            ValidationLoss = validationLoss,
            Metrics = metrics,
            Seconds = took.TotalSeconds,
        });
    }

    /// <summary>Tells an event that is told whenever it happens.</summary>
    public void Append(RunEvent runEvent) => journal.Append(Stamped(runEvent));

    /// <summary>Tells the end: on the disk first, with whatever <paramref name="beforeShown"/> does, and only then to watchers.</summary>
    public Task End(RunEnded end, Action beforeShown) => journal.AppendLast(Stamped(end), beforeShown);

    private RunEvent Stamped(RunEvent runEvent) => runEvent with { Generation = fence.Generation, Time = time.GetUtcNow() };

    private string? Difference(long step, double loss)
    {
        if (!told.Differs(step, loss, out double before) || _differenceTold)
            return null;
        _differenceTold = true;
        return FormattableString.Invariant(
            $"step {step} came to a loss of {before:R} before and comes to {loss:R} now: this silo's processor does not round as the former one's did, so that the run is no longer the same to the bit");
    }
}
