using Orleans.Tbptt.Data;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Hosting;

/// <summary>Opens a run's data once for all its grains on this silo; closes them with the last lease.</summary>
internal sealed class RunDataCache
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RunId, Entry> _entries = [];

    /// <summary>Opens the data, or shares them. Blocks while they are read through; call it on a thread of your own.</summary>
    /// <exception cref="SpecException">The data do not fit the spec.</exception>
    public RunDataLease Acquire(RunId run, RunSpec spec)
    {
        Entry entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(run, out entry!))
                _entries.Add(run, entry = new(new(() => PreparedRun.Prepare(spec))));
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

    private void Release(RunId run, Entry entry)
    {
        lock (_gate)
        {
            if (--entry.Leases > 0)
                return;
            _entries.Remove(run);
        }

        if (entry.Data.IsValueCreated)
            entry.Data.Value.Dispose();
    }

    private sealed class Entry(Lazy<PreparedRun> data)
    {
        public Lazy<PreparedRun> Data { get; } = data;

        public int Leases { get; set; }
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

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
