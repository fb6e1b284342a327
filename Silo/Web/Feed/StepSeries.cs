using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>
/// The steps of a run for a chart: at most <see cref="Most"/> buckets of equally many steps, a power of two.
/// </summary>
internal sealed class StepSeries
{
    /// <summary>The maximum number of buckets: as many as a wide screen can resolve.</summary>
    public const int Most = 1024;

    private readonly List<StepBucket> _buckets = [];
    private long _first = 1;

    /// <summary>Steps per bucket.</summary>
    public long Width { get; private set; } = 1;

    /// <summary>The buckets, in order; the last one may still grow.</summary>
    public IReadOnlyList<StepBucket> Buckets => _buckets;

    /// <summary>Begins with the steps in closed segments of a journal, read as aggregates.</summary>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public void Load(JournalReader journal)
    {
        var total = journal.ReadClosedTotal();
        if (total.Count == 0)
            return;
        _buckets.Clear();
        (_first, Width) = (total.First, 1);
        while ((total.Step - _first) / Width >= Most)
            Width *= 2;
        _buckets.AddRange(journal.ClosedRange(_first, _first + Width * Most - 1, Most));
    }

    /// <summary>Adds a step; ignores one that was added before.</summary>
    public void Add(StepCommitted step, double? clipNorm)
    {
        if (_buckets.Count == 0)
            _first = step.Step;
        else if (step.Step <= _buckets[^1].Step)
            return;
        if (_buckets.Count == 0 || (step.Step - _first) / Width != (_buckets[^1].Step - _first) / Width)
        {
            while (_buckets.Count >= Most)
                Merge();
            if (_buckets.Count == 0 || (step.Step - _first) / Width != (_buckets[^1].Step - _first) / Width)
                _buckets.Add(new());
        }

        _buckets[^1].Add(step, clipNorm);
    }

    /// <summary>The index of the first bucket with an event after a number.</summary>
    public int IndexAfter(long number)
    {
        int index = _buckets.Count;
        while (index > 0 && _buckets[index - 1].Number > number)
            index--;
        return index;
    }

    private void Merge()
    {
        Width *= 2;
        int kept = 0;
        for (int i = 0; i < _buckets.Count; i++)
        {
            if (kept > 0 && (_buckets[kept - 1].Step - _first) / Width == (_buckets[i].Step - _first) / Width)
                _buckets[kept - 1].Add(_buckets[i]);
            else
                _buckets[kept++] = _buckets[i];
        }

        _buckets.RemoveRange(kept, _buckets.Count - kept);
    }
}
