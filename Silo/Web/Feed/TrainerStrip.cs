using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>
/// What each trainer was seen doing over time, in columns of equal length: as many samples as fell into each. There are never more than
/// <see cref="Most"/> columns; when there would be, each takes twice the time.
/// </summary>
internal sealed class TrainerStrip
{
    /// <summary>Columns at most.</summary>
    public const int Most = 240;

    private static readonly TimeSpan Finest = TimeSpan.FromMilliseconds(250);

    /// <summary>After this long without a sample nobody can say what was in between.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(1);

    private readonly List<string> _silos = [];
    private readonly SortedDictionary<int, StripCell[]> _columns = [];

    /// <summary>The time of the left edge; null before the first sample.</summary>
    public DateTimeOffset? Begin { get; private set; }

    /// <summary>The time of the last sample.</summary>
    public DateTimeOffset End { get; private set; }

    /// <summary>The time that a column takes.</summary>
    public TimeSpan Width { get; private set; } = Finest;

    /// <summary>The columns that have samples, by their place from the left.</summary>
    public IReadOnlyDictionary<int, StripCell[]> Columns => _columns;

    /// <summary>The silos that trainers were seen on, in the order of appearance.</summary>
    public IReadOnlyList<string> Silos => _silos;

    /// <summary>Trainers of the last sample.</summary>
    public int Trainers { get; private set; }

    /// <summary>Takes a sample in.</summary>
    /// <param name="time">When it was taken.</param>
    /// <param name="trainers">What each trainer was doing.</param>
    /// <param name="begin">Where the strip begins, if this is the first sample.</param>
    public void Add(DateTimeOffset time, IReadOnlyList<TrainerStatus> trainers, DateTimeOffset begin)
    {
        Begin ??= begin < time ? begin : time;
        if (time < End)
            return;
        while ((time - Begin.Value) / Width >= Most)
            Halve();
        int column = (int)((time - Begin.Value) / Width);
        // A sample that comes late on a busy machine stands for the time since the one before it.
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

    /// <summary>Samples in which it computed for much longer than the others.</summary>
    public int Late { get; private set; }

    /// <summary>Samples in which it was lost or being placed.</summary>
    public int Recovery { get; private set; }

    /// <summary>All samples.</summary>
    public int Samples { get; private set; }

    /// <summary>The silo it was on last, among the strip's; −1 for none.</summary>
    public int Silo { get; private set; } = -1;

    /// <summary>Takes a sample in.</summary>
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

    /// <summary>As it is now: it may still grow.</summary>
    public StripCell Copy() => (StripCell)MemberwiseClone();

    /// <summary>Takes the samples of the next column in.</summary>
    public void Add(StripCell later)
    {
        (Compute, Wait, Late) = (Compute + later.Compute, Wait + later.Wait, Late + later.Late);
        (Recovery, Samples) = (Recovery + later.Recovery, Samples + later.Samples);
        if (later.Silo >= 0)
            Silo = later.Silo;
    }
}
