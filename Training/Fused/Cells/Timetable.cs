using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>A chunk's time steps, and the source of each row's hidden state. Reused from chunk to chunk.</summary>
/// <remarks>
/// A layer's history holds the initial state, one row per lane, and then the chunk's rows:
/// <code>
/// history   [0 … lanes)  initial state      [lanes … lanes + rows)  the state after each row
/// </code>
/// </remarks>
internal sealed class Timetable
{
    private TimeStep[] _steps = [];
    private int[] _lengths = [];
    private int[] _before = [];
    private int[] _chosenBefore = [];
    private int _count;

    /// <summary>The time steps, in order.</summary>
    public ReadOnlySpan<TimeStep> Steps => _steps.AsSpan(0, _count);

    /// <summary>All of them.</summary>
    public StepRange Whole => new(0, _count);

    /// <summary>The number of active lanes.</summary>
    public int Lanes { get; private set; }

    /// <summary>Rows of the chunk.</summary>
    public int Rows { get; private set; }

    /// <summary>Whether the gradient of the state goes from each time step to the one before by rows of its own, for pieces.</summary>
    public bool Carries { get; private set; }

    /// <summary>Whether the gradient continues from the first time step to the state before the chunk, in such rows.</summary>
    public bool ReachesStart { get; private set; }

    /// <summary>Some of the time steps, in order.</summary>
    public ReadOnlySpan<TimeStep> In(StepRange range) => _steps.AsSpan(range.First, range.End - range.First);

    /// <summary>One of the parts into which the time steps are divided, as even as can be.</summary>
    public StepRange Part(int part, int parts) => new((int)((long)_count * part / parts), (int)((long)_count * (part + 1) / parts));

    /// <summary>The first row of some time steps.</summary>
    public int FirstRow(StepRange range) => _steps[range.First].Row;

    /// <summary>How many rows some time steps have.</summary>
    public int RowsOf(StepRange range) => _steps[range.End - 1].Row + _steps[range.End - 1].Lanes - FirstRow(range);

    /// <summary>A member's lanes, so that each has as many rows as can be.</summary>
    public LaneRange LanesOf(int member, int members) => new(FirstLane(member, members), FirstLane(member + 1, members));

    /// <summary>All rows.</summary>
    public GradientRows All(RowSums sums) => new(Rows, default, _before.AsSpan(0, Rows), sums);

    /// <summary>Some of the rows. They are valid until others are asked for.</summary>
    public GradientRows Of(ReadOnlySpan<int> rows)
    {
        if (rows.Length == Rows)
            return All(RowSums.Ascending);
        if (_chosenBefore.Length < rows.Length)
            _chosenBefore = new int[rows.Length];
        for (int i = 0; i < rows.Length; i++)
            _chosenBefore[i] = _before[rows[i]];
        return new(rows.Length, rows, _chosenBefore.AsSpan(0, rows.Length));
    }

    /// <summary>Loads a chunk's segments.</summary>
    /// <param name="batch">The chunk.</param>
    /// <param name="carries">Sets <see cref="Carries"/>.</param>
    /// <param name="reachesStart">Sets <see cref="ReachesStart"/>.</param>
    public void Read(ChunkBatch batch, bool carries, bool reachesStart)
    {
        (Lanes, Rows, Carries, ReachesStart, _count) = (batch.ActiveLanes.Length, batch.Rows, carries, reachesStart, 0);
        if (_steps.Length < batch.Steps)
            _steps = new TimeStep[batch.Steps];
        if (_before.Length < Rows)
            _before = new int[Rows];
        if (_lengths.Length < Lanes)
            _lengths = new int[Lanes];
        _lengths.AsSpan(0, Lanes).Clear();
        int before = 0, rowBefore = carries || reachesStart ? Rows : -1;
        foreach (var segment in batch.Segments)
        {
            foreach (ref int length in _lengths.AsSpan(0, segment.Lanes))
                length += segment.Steps;
            for (int t = 0; t < segment.Steps; t++)
            {
                int row = segment.FirstRow + t * segment.Lanes;
                _steps[_count++] = new(row, segment.Lanes, before, rowBefore);
                for (int lane = 0; lane < segment.Lanes; lane++)
                    _before[row + lane] = before + lane;
                (before, rowBefore) = (Lanes + row, carries ? Rows : row);
            }
        }
    }

    private int FirstLane(int member, int members)
    {
        long wanted = (long)Rows * member / members, rows = 0;
        int lane = 0;
        while (lane < Lanes && rows < wanted)
            rows += _lengths[lane++];
        return member == members ? Lanes : lane;
    }
}

/// <summary>Some consecutive time steps of a chunk.</summary>
/// <param name="First">The first one.</param>
/// <param name="End">The one behind the last.</param>
internal readonly record struct StepRange(int First, int End);

/// <summary>Some consecutive active lanes of a chunk.</summary>
/// <param name="First">The first one.</param>
/// <param name="End">The one behind the last.</param>
internal readonly record struct LaneRange(int First, int End);
