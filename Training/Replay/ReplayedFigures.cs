using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Training.Replay;

/// <summary>What a run recorded of the epochs that are finished at a state.</summary>
/// <param name="EpochLosses">The mean training loss of each.</param>
/// <param name="ValidationLosses">The validation loss of each; empty where nothing is held out.</param>
/// <param name="Metrics">What the last one's losses mean in the data's own units.</param>
/// <param name="HeldOut">What the last one's validation was over.</param>
public sealed record ReplayedFigures(
    IReadOnlyList<double> EpochLosses, IReadOnlyList<double> ValidationLosses, IReadOnlyList<Metric> Metrics, HeldOutSize? HeldOut)
{
    /// <summary>Those of a state.</summary>
    /// <param name="run">The run.</param>
    /// <param name="before">What the checkpoint says that the state was computed from; null for the run's first state.</param>
    /// <param name="losses">The losses that the state has of its finished epochs.</param>
    internal static ReplayedFigures Of(RunDirectory run, CheckpointState? before, IReadOnlyList<double> losses)
    {
        var figures = before is null ? new([], [], [], null)
            : new ReplayedFigures(before.EpochLosses, before.ValidationLosses, before.Metrics, before.HeldOut);
        if (figures.EpochLosses.Count == losses.Count)
            return figures;
        foreach (var epoch in new JournalReader(run.Metrics).ReadOthers(0).Lines.Select(RunJson.ReadEventOrNull).OfType<EpochFinished>())
        {
            if (epoch.Epoch != figures.EpochLosses.Count + 1 || epoch.Epoch > losses.Count)
                continue;
            figures = new(
                [.. figures.EpochLosses, epoch.Loss],
                epoch.ValidationLoss is { } loss ? [.. figures.ValidationLosses, loss] : figures.ValidationLosses, epoch.Metrics,
                epoch.HeldOut);
        }

        // Not published yet, or lost: the state itself has the losses that training goes by.
        return figures.EpochLosses.Count == losses.Count ? figures
            : new(losses, before?.ValidationLosses.Count > 0 ? losses : [], [], null);
    }
}
