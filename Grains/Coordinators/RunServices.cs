using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>What a coordinator works with on its silo.</summary>
internal sealed class RunServices(
    RunStore store, RunDataCache data, IGrainFactory grains, TrainerPlacement placement, TimeProvider time, ILoggerFactory loggers)
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1);

    public RunStore Store => store;

    public RunDataCache Data => data;

    public IGrainFactory Grains => grains;

    public TrainerPlacement Placement => placement;

    public TimeProvider Time => time;

    public ILoggerFactory Loggers => loggers;

    /// <summary>Begins to train a run whose directory is there.</summary>
    public ActiveRun Launch(RunStatus status, RunSpec spec) => new(this, spec, status);

    /// <summary>
    /// Whether a run that has not ended, and that this silo does not train, lost its coordinator; one that was submitted a moment ago is about to
    /// get its first.
    /// </summary>
    public bool IsLost(RunStatus status) =>
        !status.HasEnded && (store.HasBegun(RunId.Parse(status.Id)) || time.GetUtcNow() - status.SubmittedAt > StartPatience);

    /// <summary>Writes the end of a run that lost its coordinator.</summary>
    public async Task<RunStatus> Bury(RunStatus status)
    {
        var progress = new RunProgress(status, store, time);
        await using var journal = progress.Journal;

        // The former coordinator may have come to its own end in the meantime; from now on it writes no more.
        var directory = store.Of(progress.Run);
        store.DropUnfinished(progress.Run, progress.Generation);
        if (directory.ReadStatus() is { HasEnded: true } ended)
            return ended;
        if (JournalFile.Read(directory.Metrics, Math.Max(0, journal.Last - 1), 1).Lines is [var last] && RunJson.ReadEvent(last) is RunEnded end)
            return progress.EndAs(end);
        await progress.Finish(RunState.Failed, "the coordinator was lost together with its silo before the run ended", model: null);
        return progress.Snapshot();
    }
}
