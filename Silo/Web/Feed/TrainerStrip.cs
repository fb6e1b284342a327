using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>
/// The sampled activity of each trainer over time, in columns of equal length. There are never more than
/// <see cref="Most"/> columns; beyond that the time per column doubles.
/// </summary>
internal sealed class TrainerStrip
{
    /// <summary>The maximum number of columns.</summary>
    public const int Most = 240;

    private static readonly TimeSpan Finest = TimeSpan.FromMilliseconds(250);

    /// <summary>A longer gap between samples is shown as not seen.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(1);

    private readonly List<string> _silos = [];
    private readonly SortedDictionary<int, StripCell[]> _columns = [];

    /// <summary>The time of the left edge; null before the first sample.</summary>
    public DateTimeOffset? Begin { get; private set; }

    /// <summary>The time of the last sample.</summary>
    public DateTimeOffset End { get; private set; }

    /// <summary>The time that a column covers.</summary>
    public TimeSpan Width { get; private set; } = Finest;

    /// <summary>The columns with samples, by index from the left.</summary>
    public IReadOnlyDictionary<int, StripCell[]> Columns => _columns;

    /// <summary>The silos that trainers were on, in the order of appearance.</summary>
    public IReadOnlyList<string> Silos => _silos;

    /// <summary>Trainers of the last sample.</summary>
    public int Trainers { get; private set; }

    /// <summary>Adds a sample.</summary>
    /// <param name="time">When it was taken.</param>
    /// <param name="trainers">The activity of each trainer.</param>
    /// <param name="begin">The strip's start, if this is the first sample.</param>
    public void Add(DateTimeOffset time, IReadOnlyList<TrainerStatus> trainers, DateTimeOffset begin)
    {
        Begin ??= begin < time ? begin : time;
        if (time < End)
            return;
        while ((time - Begin.Value) / Width >= Most)
            Halve();
        int column = (int)((time - Begin.Value) / Width);
        // On a busy machine a late sample covers the time since the previous one.
        int first = Trainers > 0 && time - End <= Late ? Math.Min(column, (int)((End - Begin.Value) / Width) + 1) : column;
        for (int one = first; one <= column; one++)
            Add(one, trainers);
        (End, Trainers) = (time, trainers.Count);
    }

    private void Add(int column, IReadOnlyList<TrainerStatus> trainers)
    {
        if (!_columns.TryGetValue(column, out var cells) || cells.Length != trainers.Count)
            _columns[column] = cells = [.. trainers.Select(_ => new StripCell())];
        for (int i = 0; i < trainers.Count; i++)
            cells[i].Add(trainers[i].State, SiloIndex(trainers[i].Silo));
    }

    private void Halve()
    {
        Width *= 2;
        foreach (var (column, cells) in _columns.ToList())
        {
            _columns.Remove(column);
            if (_columns.TryGetValue(column / 2, out var before) && before.Length == cells.Length)
            {
                for (int i = 0; i < cells.Length; i++)
                    before[i].Add(cells[i]);
            }
            else
            {
                _columns[column / 2] = cells;
            }
        }
    }

    private int SiloIndex(string silo)
    {
        if (silo.Length == 0)
            return -1;
        int index = _silos.IndexOf(silo);
        if (index >= 0)
            return index;
        _silos.Add(silo);
        return _silos.Count - 1;
    }
}

/// <summary>A trainer in one column.</summary>
internal sealed class StripCell
{
    /// <summary>Samples in which it computed a chunk.</summary>
    public int Compute { get; private set; }

    /// <summary>Samples in which its contribution was in, and it waited for the others.</summary>
    public int Wait { get; private set; }

    /// <summary>Samples in which it computed much longer than the others.</summary>
    public int Late { get; private set; }

    /// <summary>Samples in which it was lost or being placed.</summary>
    public int Recovery { get; private set; }

    /// <summary>All samples.</summary>
    public int Samples { get; private set; }

    /// <summary>The index of its last silo among the strip's; −1 for none.</summary>
    public int Silo { get; private set; } = -1;

    /// <summary>Adds a sample.</summary>
    public void Add(TrainerState state, int silo)
    {
        Samples++;
        if (silo >= 0)
            Silo = silo;
        switch (state)
        {
            case TrainerState.Training or TrainerState.Evaluating:
                Compute++;
                break;
            case TrainerState.Waiting:
                Wait++;
                break;
            case TrainerState.Late:
                Late++;
                break;
            case TrainerState.Lost or TrainerState.Placing:
                Recovery++;
                break;
        }
    }

    /// <summary>The current values; the column may still grow.</summary>
    public StripCell Copy() => (StripCell)MemberwiseClone();

    /// <summary>Merges the samples of the next column.</summary>
    public void Add(StripCell later)
    {
        (Compute, Wait, Late) = (Compute + later.Compute, Wait + later.Wait, Late + later.Late);
        (Recovery, Samples) = (Recovery + later.Recovery, Samples + later.Samples);
        if (later.Silo >= 0)
            Silo = later.Silo;
    }
}
