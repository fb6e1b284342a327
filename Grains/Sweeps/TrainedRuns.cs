using System.Collections.Concurrent;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>
/// The runs of the run store by their <see cref="TrialKey"/>, trials of other sweeps and plain runs alike. Reads each spec once. Safe
/// for several trials at a time.
/// </summary>
internal sealed class TrainedRuns(RunStore store)
{
    private readonly ConcurrentDictionary<string, (DateTime Written, string? Key)> _keys = new(StringComparer.Ordinal);

    /// <summary>
    /// The runs of a key that have a status, by ID. Of forks those of sweeps alone, whose parents have made the same steps as their own
    /// specs would have.
    /// </summary>
    /// <exception cref="IOException">The run store cannot be listed.</exception>
    public IEnumerable<(RunDirectory Run, RunStatus Status)> Of(string key)
    {
        foreach (var run in store.All().OrderBy(run => run.Id.Text, StringComparer.Ordinal).ToList())
        {
            if (KeyOf(run) == key && StatusOf(run) is { } status && (status.Fork is null || status.Sweep is not null))
                yield return (run, status);
        }
    }

    private string? KeyOf(RunDirectory run)
    {
        try
        {
            var written = File.GetLastWriteTimeUtc(run.Spec);
            if (!_keys.TryGetValue(run.Path, out var known) || known.Written != written)
            {
                known = (written, store.ReadData(run.Id) is { } data ? TrialKey.Of(store.ReadSpec(run.Id), data.Files) : null);
                _keys[run.Path] = known;
            }

            return known.Key;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SpecException or InvalidDataException)
        {
            // What cannot be read answers nothing.
            return null;
        }
    }

    private static RunStatus? StatusOf(RunDirectory run)
    {
        try
        {
            return run.ReadStatus();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
