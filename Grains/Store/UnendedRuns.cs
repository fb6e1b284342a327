using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>
/// The runs and sweeps of the run store that need a grain. Asked every second, so a status is read only when its file has changed. Not
/// thread-safe.
/// </summary>
internal sealed class UnendedRuns(RunStore store)
{
    private readonly Statuses<RunStatus> _runs = new();
    private readonly Statuses<SweepStatus> _sweeps = new();

    /// <summary>The runs of a cluster that have not ended and are not paused.</summary>
    /// <exception cref="IOException">The run store cannot be listed.</exception>
    public IReadOnlyList<RunId> Of(string cluster) => _runs.Read(
        store.All().Select(run => (run.Id, run.Status, (Func<RunStatus?>)run.ReadStatus)),
        status => status is { HasEnded: false, State: not RunState.Paused } && status.Cluster == cluster);

    /// <summary>The sweeps of a cluster that have not ended.</summary>
    /// <exception cref="IOException">The run store cannot be listed.</exception>
    public IReadOnlyList<RunId> SweepsOf(string cluster) => _sweeps.Read(
        SweepDirectory.All(store.Root).Select(sweep => (sweep.Id, sweep.Status, (Func<SweepStatus?>)sweep.ReadStatus)),
        status => !status.HasEnded && status.Cluster == cluster);

    /// <summary>The status of a run when it was last asked for; null where there was none.</summary>
    public RunStatus? StatusOf(RunId run) => _runs.StatusOf(store.Of(run).Status);

    private sealed class Statuses<T> where T : class
    {
        private Dictionary<string, (DateTime Written, T? Status)> _known = new(StringComparer.Ordinal);

        public List<RunId> Read(IEnumerable<(RunId Id, string File, Func<T?> Read)> all, Func<T, bool> isMeant)
        {
            var meant = new List<RunId>();

            // Those whose directories are gone are forgotten.
            var former = _known;
            _known = new(StringComparer.Ordinal);
            foreach (var (id, file, read) in all)
            {
                if (Read(file, read, former) is { } status && isMeant(status))
                    meant.Add(id);
            }

            return meant;
        }

        public T? StatusOf(string file) => _known.TryGetValue(file, out var known) ? known.Status : null;

        private T? Read(string file, Func<T?> read, Dictionary<string, (DateTime Written, T? Status)> former)
        {
            try
            {
                var written = File.GetLastWriteTimeUtc(file);
                if (!former.TryGetValue(file, out var known) || known.Written != written)
                    known = (written, read());
                _known[file] = known;
                return known.Status;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }
}
