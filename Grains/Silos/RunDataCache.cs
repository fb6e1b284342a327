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
    /// <exception cref="SpecException">The data do not fit the spec.</exception>
    public RunDataLease Acquire(RunId run, RunSpec spec)
    {
        Entry? entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(run, out var entries))
                _entries.Add(run, entries = []);
            entry = entries.Find(one => one.Fits(spec));
            if (entry is null)
                entries.Add(entry = new(spec, new(() => PreparedRun.Prepare(spec, roots, reader: reader))));
            entry.Leases++;
        }

        try
        {
            return new(entry.Data.Value, () => Release(run, entry));
        }
        catch
        {
            Release(run, entry);
            throw;
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
    public string? FindChange(IReadOnlyList<DataFile> files) => DataFingerprint.FindChange(files, roots ?? DataRoots.Anywhere);

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

    private sealed class Entry(RunSpec requested, Lazy<PreparedRun> data)
    {
        public Lazy<PreparedRun> Data { get; } = data;

        public int Leases { get; set; }

        /// <summary>Whether the data are those of a spec, as it was handed in or with every size filled in.</summary>
        public bool Fits(RunSpec spec) => requested == spec || (Data.IsValueCreated && Data.Value.Spec == spec);
    }
}

/// <summary>A share in a run's open data.</summary>
internal sealed class RunDataLease(PreparedRun prepared, Action release) : IDisposable
{
    private Action? _release = release;

    /// <summary>The spec with every size known.</summary>
    public RunSpec Spec => prepared.Spec;

    /// <summary>The data.</summary>
    public IDataSource Data => prepared.Data;

    /// <inheritdoc cref="PreparedRun.Files"/>
    public IReadOnlyList<DataFile> Files => prepared.Files;

    /// <inheritdoc cref="PreparedRun.ContinuedLanes"/>
    public IReadOnlyList<int> ContinuedLanes => prepared.ContinuedLanes;

    /// <summary>What a run is born with.</summary>
    public RunData Born => new(Files, prepared.Description);

    /// <summary>
    /// Looks whether the files are still what they were; the first change in words, or null. Asks the file system, and reads what was
    /// touched: call it on a thread of your own.
    /// </summary>
    public string? FindChange() => prepared.FindChange();

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
