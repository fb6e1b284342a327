using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>
/// The runs of the run store that need a coordinator. Asked every second, so a status is read only when its file has changed. Not
/// thread-safe.
/// </summary>
internal sealed class UnendedRuns(RunStore store)
{
    private Dictionary<string, (DateTime Written, RunStatus? Status)> _known = new(StringComparer.Ordinal);

    /// <summary>The runs of a cluster that have not ended and are not paused.</summary>
    /// <exception cref="IOException">The run store cannot be listed.</exception>
    public IReadOnlyList<RunId> Of(string cluster)
    {
        var runs = new List<RunId>();

        // Those whose directories are gone are forgotten.
        var former = _known;
        _known = new(StringComparer.Ordinal);
        foreach (var directory in store.All())
        {
            if (Read(directory, former) is { HasEnded: false, State: not RunState.Paused } status && status.Cluster == cluster)
                runs.Add(directory.Id);
        }

        return runs;
    }

    /// <summary>The status of a run when it was last asked for; null where there was none.</summary>
    public RunStatus? StatusOf(RunId run) => _known.TryGetValue(store.Of(run).Status, out var known) ? known.Status : null;

    private RunStatus? Read(RunDirectory directory, Dictionary<string, (DateTime Written, RunStatus? Status)> former)
    {
        try
        {
            var written = File.GetLastWriteTimeUtc(directory.Status);
            if (!former.TryGetValue(directory.Status, out var known) || known.Written != written)
                known = (written, directory.ReadStatus());
            _known[directory.Status] = known;
            return known.Status;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
