using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>Runs that lost their coordinator together with its silo: that is their end, and it is written down.</summary>
internal sealed class LostRuns(RunStore store, TimeProvider time)
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether a run that has not ended, and that this silo does not train, lost its coordinator; one that was submitted a moment ago is about to
    /// get its first.
    /// </summary>
    public bool IsLost(RunStatus status) =>
        !status.HasEnded && (store.HasBegun(RunId.Parse(status.Id)) || time.GetUtcNow() - status.SubmittedAt > StartPatience);

    /// <summary>Writes the end of a run that lost its coordinator.</summary>
    public async Task<RunStatus> End(RunStatus status)
    {
        var directory = store.Of(RunId.Parse(status.Id));

        // The events are the run's memory; the status on the disk is up to two seconds older.
        var progress = new RunProgress(await Task.Run(() => JournalFile.CatchUp(directory.Metrics, status)), store, time);
        await using var journal = progress.Journal;

        // The former coordinator may have come to its own end in the meantime; from now on it writes no more.
        store.DropUnfinished(progress.Run, progress.Generation);
        if (directory.ReadStatus() is { HasEnded: true } ended)
            return ended;
        if (JournalFile.Read(directory.Metrics, Math.Max(0, journal.Last - 1), 1).Lines is [var last] && RunJson.ReadEvent(last) is RunEnded end)
            return progress.EndAs(end);
        await progress.Finish(RunState.Failed, "the coordinator was lost together with its silo before the run ended", model: null);
        return progress.Snapshot();
    }
}
