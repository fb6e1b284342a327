using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>
/// Opens a run's data once for all its grains on this silo; closes them with the last lease. Under one id there may be several specs for a
/// moment: others that are submitted and will be refused, or the one with as many trainers as the run had before.
/// </summary>
/// <param name="roots">Where data may lie; anywhere when left out.</param>
/// <param name="reader">Reads the specs of runs that others extend; may be left out where none does.</param>
internal sealed class RunDataCache(DataRoots? roots = null, SpecReader? reader = null)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RunId, List<Entry>> _entries = [];

    /// <summary>Opens the data, or shares them. Blocks while they are read through; call it on a thread of your own.</summary>
    /// <param name="run">The run.</param>
    /// <param name="spec">Its spec.</param>
    /// <param name="end">Where the run follows its file, how many bytes of it are read; null up to the end of its last whole row.</param>
    /// <param name="areFresh">Whether they are opened as they are now, and not shared with those who opened them before.</param>
    /// <exception cref="SpecException">The data do not fit the spec.</exception>
    public RunDataLease Acquire(RunId run, RunSpec spec, long? end = null, bool areFresh = false)
    {
        (Entry? entry, Entry? before) = (null, null);
        lock (_gate)
        {
            if (!_entries.TryGetValue(run, out var entries))
                _entries.Add(run, entries = []);
            entry = areFresh ? null : entries.Find(one => one.Fits(spec, end));
            if (entry is null)
            {
                // Another trainer of the silo may have opened less of a file that has grown.
                before = areFresh || end is null ? null : entries.FindLast(one => one.MayGrow(spec));
                Entry? from = before;
                entries.Add(entry = new(spec, end, new(() => from?.Data.Value.TryGrow(end)
                    ?? PreparedRun.Prepare(spec, roots, reader: reader, end: end))));
                if (before is not null)
                    before.Leases++;
            }

            entry.Leases++;
        }

        return Open(run, entry, before);
    }

    /// <summary>Opens what has come to the data of a run that follows its file, with all that they have. Blocks.</summary>
    /// <param name="run">The run.</param>
    /// <param name="data">What is open; stays so.</param>
    /// <returns>Null where the file has to be opened anew: it is not what it was, or somebody else has followed it further.</returns>
    /// <exception cref="SpecException">What has come does not fit the spec.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public RunDataLease? TryGrow(RunId run, RunDataLease data)
    {
        if (data.TryGrow() is not { } grown)
            return null;
        lock (_gate)
        {
            var entry = new Entry(grown.Spec, grown.End, new(() => grown)) { Leases = 1 };
            _entries[run].Add(entry);
            return new(entry.Data.Value, () => Release(run, entry));
        }
    }

    private RunDataLease Open(RunId run, Entry entry, Entry? before)
    {
        try
        {
            return new(entry.Data.Value, () => Release(run, entry));
        }
        catch
        {
            Release(run, entry);
            throw;
        }
        finally
        {
            if (before is not null)
                Release(run, before);
        }
    }

    /// <summary>
    /// Keeps a run's open data open until the result is disposed of, because its first user may release it before the next one needs it.
    /// </summary>
    public IDisposable Hold(RunId run)
    {
        Entry[] held;
        lock (_gate)
        {
            held = [.. _entries.GetValueOrDefault(run, [])];
            foreach (var entry in held)
                entry.Leases++;
        }

        return new Once(() =>
        {
            foreach (var entry in held)
                Release(run, entry);
        });
    }

    /// <summary>
    /// How files differ from what they were, in words, whether they can be opened as data or not; null where they do not. Reads all of
    /// them.
    /// </summary>
    /// <param name="files">What they were.</param>
    /// <param name="spec">The run's spec: a file that it follows may have more behind what was read of it.</param>
    public string? FindChange(IReadOnlyList<DataFile> files, RunSpec spec) =>
        DataFingerprint.FindChange(files, roots ?? DataRoots.Anywhere, PreparedRun.FollowedAt(spec));

    private void Release(RunId run, Entry entry)
    {
        lock (_gate)
        {
            if (--entry.Leases > 0)
                return;
            _entries[run].Remove(entry);
            if (_entries[run].Count == 0)
                _entries.Remove(run);
        }

        if (entry.Data.IsValueCreated)
            entry.Data.Value.Dispose();
    }

    private sealed class Once(Action action) : IDisposable
    {
        private Action? _action = action;

        public void Dispose() => Interlocked.Exchange(ref _action, null)?.Invoke();
    }

    private sealed class Entry(RunSpec requested, long? end, Lazy<PreparedRun> data)
    {
        /// <summary>Whether the data are open, and of a file to which rows may have come since.</summary>
        public bool MayGrow(RunSpec spec) =>
            Data.IsValueCreated && Data.Value.End is not null && (requested == spec || Data.Value.Spec == spec);


        public Lazy<PreparedRun> Data { get; } = data;

        public int Leases { get; set; }

        /// <summary>Whether the data are those of a spec, as it was handed in or with every size filled in.</summary>
        public bool Fits(RunSpec spec, long? wanted) => (requested == spec || (Data.IsValueCreated && Data.Value.Spec == spec))
            && (end == wanted || (Data.IsValueCreated && Data.Value.End == wanted));
    }
}

/// <summary>A share in a run's open data.</summary>
internal sealed class RunDataLease(PreparedRun prepared, Action release) : IDisposable
{
    private PreparedRun _prepared = prepared;
    private Action? _release = release;

    /// <summary>The spec with every size known.</summary>
    public RunSpec Spec => _prepared.Spec;

    /// <summary>The data.</summary>
    public IDataSource Data => _prepared.Data;

    /// <inheritdoc cref="PreparedRun.Files"/>
    public IReadOnlyList<DataFile> Files => _prepared.Files;

    /// <inheritdoc cref="PreparedRun.ContinuedLanes"/>
    public IReadOnlyList<int> ContinuedLanes => _prepared.ContinuedLanes;

    /// <inheritdoc cref="PreparedRun.MissingRows"/>
    public int MissingRows => _prepared.MissingRows;

    /// <inheritdoc cref="PreparedRun.TryGrow"/>
    public PreparedRun? TryGrow() => _prepared.TryGrow();

    /// <inheritdoc cref="PreparedRun.FindDifference"/>
    public string? FindDifference(IReadOnlyList<DataFile> before) => _prepared.FindDifference(before);

    /// <inheritdoc cref="PreparedRun.Look"/>
    public FollowedLook Look() => _prepared.Look();

    /// <summary>Lets go of what it has, and takes what another lease has in its place: the file has grown that the run follows.</summary>
    public void Take(RunDataLease other)
    {
        var former = _release;
        (_prepared, _release, other._release) = (other._prepared, other._release, null);
        former?.Invoke();
    }

    /// <summary>What a run is born with; where it follows a file, what it has read so far.</summary>
    public RunData Born => new(Files, _prepared.Description);

    /// <summary>
    /// Looks whether the files are still what they were; the first change in words, or null. Asks the file system, and reads what was
    /// touched: call it on a thread of your own.
    /// </summary>
    public string? FindChange() => _prepared.FindChange();

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
