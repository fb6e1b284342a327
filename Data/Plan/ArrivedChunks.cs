namespace Orleans.Tbptt.Data.Plan;

/// <summary>
/// The steps in which series are trained on whose rows are appended to one file: a function of the order of the rows alone, and not of when
/// anybody looked at them. Each series has the lane of its number.
/// <code>
/// a chunk of a series has come with its last row:   a  b  a  c  b  c  c      (in the order of the file; three series)
/// steps                                             └─┘└──────┘ └─┘ └…       {a b} {a c b} {c} …
/// </code>
/// Chunks that have come belong to one step until each series that has a row has one in it, which makes the steps of series that grow
/// alike, or until another chunk of one of them comes: one that grows faster waits for nobody.
/// </summary>
internal sealed class ArrivedChunks
{
    private readonly int _chunk;
    private readonly int _horizon;
    private readonly List<Series> _series = [];
    private readonly List<int> _open = [];
    private long _steps;

    /// <summary>No row has come.</summary>
    /// <param name="chunk">Time steps of a chunk.</param>
    /// <param name="horizon">Rows from an input to its target.</param>
    public ArrivedChunks(int chunk, int horizon) => (_chunk, _horizon) = (chunk, horizon);

    /// <summary>The steps so far; later ones do not change them.</summary>
    public ArrivedSteps Steps => new(_steps, [.. _series.Select(one => new ArrivedLane(one.StepsOf, one.StepsOf.Count))]);

    /// <summary>How many more rows the next step needs at least.</summary>
    public int MissingRows
    {
        get
        {
            long repeats = long.MaxValue, fills = 0;
            foreach (Series one in _series)
            {
                long missing = Border(one) - one.Rows;
                repeats = Math.Min(repeats, one.IsOpen ? missing : missing + _chunk);
                fills += one.IsOpen ? 0 : missing;
            }

            return (int)Math.Clamp(Math.Min(repeats, fills), 1, int.MaxValue);
        }
    }

    /// <summary>Takes the next row of the file.</summary>
    /// <param name="series">Its series; they are numbered in the order in which they appear.</param>
    /// <param name="trained">Where it is the first row of its series: the time steps that another run was trained on.</param>
    public void Take(int series, int trained)
    {
        if (series == _series.Count)
            _series.Add(new(trained));
        Series one = _series[series];
        if (++one.Rows < Border(one))
            return;
        if (one.IsOpen)
            Close();
        (one.IsOpen, one.Chunks) = (true, one.Chunks + 1);
        _open.Add(series);
        if (_open.Count == _series.Count)
            Close();
    }

    /// <summary>The rows with which the next chunk of a series has come.</summary>
    private long Border(Series one) => one.Trained + _horizon + ((one.Chunks + 1L) * _chunk);

    private void Close()
    {
        foreach (int series in _open)
        {
            _series[series].StepsOf.Add(_steps);
            _series[series].IsOpen = false;
        }

        _open.Clear();
        _steps++;
    }

    private sealed class Series(int trained)
    {
        public int Trained => trained;

        /// <summary>Rows that have come.</summary>
        public long Rows { get; set; }

        /// <summary>Chunks that have come.</summary>
        public int Chunks { get; set; }

        /// <summary>Whether the last of them waits for its step to be whole.</summary>
        public bool IsOpen { get; set; }

        /// <summary>The step of each chunk that is trained on.</summary>
        public AppendedList StepsOf { get; } = new();
    }
}

/// <summary>The steps that a lane takes part in.</summary>
/// <param name="Steps">Their numbers, which rise: one for each chunk.</param>
/// <param name="Count">How many of them.</param>
internal readonly record struct ArrivedLane(AppendedList Steps, int Count);

/// <summary>Steps whose chunks have come.</summary>
/// <param name="Steps">How many.</param>
/// <param name="Lanes">The series, each in the lane of its number; further lanes have none yet.</param>
internal sealed record ArrivedSteps(long Steps, IReadOnlyList<ArrivedLane> Lanes)
{
    /// <summary>Which of its chunks a lane is trained on in a step; negative for none.</summary>
    public int ChunkOf(long step, int lane) => lane < Lanes.Count ? Lanes[lane].Steps.Find(step, Lanes[lane].Count) : -1;
}
