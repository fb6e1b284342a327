using System.Globalization;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>Reads the figure that a sweep compares its trials by from what a run has published.</summary>
/// <param name="objective">What the figure is.</param>
internal sealed class TrialFigures(SweepObjective objective)
{
    /// <summary>The figure of a run at a rung; null where the run has not come so far, or its files do not say so yet.</summary>
    /// <param name="run">The run.</param>
    /// <param name="status">Its last written status.</param>
    /// <param name="epochs">The epochs of the rung.</param>
    /// <exception cref="SweepFailedException">The run has no such figure.</exception>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public TrialFigure? Read(RunDirectory run, RunStatus status, int epochs)
    {
        int finished = status.EpochLosses.Count;
        if (finished < epochs && status.State == RunState.Diverged)
            return new(new(double.NaN, $"diverged: {status.Message}"), status.Step, finished);

        // Early stopping ends a run before its last epoch: it stays what it is at all later rungs. One that has made all of its epochs, and
        // has fewer of them, says nothing of a later rung.
        bool stoppedEarly = status.State == RunState.Completed && finished < status.Epochs;
        int last = stoppedEarly ? Math.Min(epochs, finished) : epochs;
        if (finished < last || last == 0)
            return null;
        var events = EpochsOf(run).Where(epoch => epoch.Epoch <= last).DistinctBy(epoch => epoch.Epoch).OrderBy(epoch => epoch.Epoch)
            .ToList();
        if (events.Count < last)
            return null;
        double value = objective.Take == SweepTake.Last ? Of(events[^1]) : events.Select(Of).MinBy(objective.Cost);
        var result = double.IsFinite(value) ? new SweepResult(value)
            : new(double.NaN, string.Create(CultureInfo.InvariantCulture, $"the figure is {value}"));
        return new(result, events[^1].Step, last);
    }

    /// <summary>The finished epochs of a run, and of the run that it began with a state of as far as that.</summary>
    private static IEnumerable<EpochFinished> EpochsOf(RunDirectory run)
    {
        var own = new JournalReader(run.Metrics).ReadOthers(0).Lines.Select(RunJson.ReadEventOrNull).OfType<EpochFinished>();
        return run.ReadFork() is { } fork && RunId.TryParse(fork.Run, out var parent)
            ? EpochsOf(new(Path.GetDirectoryName(run.Path)!, parent)).Where(epoch => epoch.Step <= fork.Step).Concat(own) : own;
    }

    private double Of(EpochFinished epoch)
    {
        switch (objective.Metric)
        {
            case null:
                return epoch.ValidationLoss ?? epoch.Loss;
            case SweepObjective.TrainingLoss:
                return epoch.Loss;
            case SweepObjective.ValidationLoss when epoch.ValidationLoss is { } loss:
                return loss;
        }

        var metrics = epoch.Metrics.Where(metric => metric.Series is null).ToList();
        var found = metrics.Find(metric => metric.Name == objective.Metric
            && (objective.Target is null || metric.Unit == objective.Target));
        if (found is not null)
            return found.Value;
        string[] names = [SweepObjective.TrainingLoss, .. epoch.ValidationLoss is null ? (string[])[] : [SweepObjective.ValidationLoss],
            .. metrics.Select(metric => objective.Target is null ? metric.Name : $"{metric.Name} of {metric.Unit}").Distinct()];
        string target = objective.Target is null ? "" : $" of {objective.Target}";
        throw new SweepFailedException(
            $"objective.metric: found {objective.Metric}{target}, expected a figure that the evaluation has: {string.Join(", ", names)}; "
            + "submit the sweep with one of them: its trials will be answered from these runs");
    }
}

/// <summary>The figure of a run at a rung.</summary>
/// <param name="Result">The figure.</param>
/// <param name="Steps">The steps that led there, from the beginning.</param>
/// <param name="Epochs">The epochs that it had finished.</param>
internal sealed record TrialFigure(SweepResult Result, long Steps, int Epochs);

/// <summary>A sweep cannot continue until somebody does something about it.</summary>
internal sealed class SweepFailedException(string message) : Exception(message);
