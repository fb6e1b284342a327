namespace Orleans.Tbptt.Data.Plan;

/// <summary>The work of one lane in one step.</summary>
/// <param name="Sequence">The sequence it works on; -1 when the lane is idle, -2 when it waits.</param>
/// <param name="Start">The chunk's first time step.</param>
/// <param name="Length">The chunk's time steps; 0 when idle.</param>
/// <param name="Reset">
/// Whether the sequence starts here, so that the lane's hidden state is zeroed first; false for one that continues what another run was
/// trained on.
/// </param>
public readonly record struct LaneChunk(int Sequence, int Start, int Length, bool Reset)
{
    /// <summary>No work: the lane contributes nothing and its hidden state is zero.</summary>
    public static LaneChunk Idle { get; } = new(-1, 0, 0, false);

    /// <summary>No work yet: the lane contributes nothing and keeps its hidden state, because its series continues.</summary>
    internal static LaneChunk Waiting { get; } = new(-2, 0, 0, false);

    /// <summary>Whether the lane has no work in this step, and keeps its hidden state.</summary>
    public bool IsWaiting => Sequence == Waiting.Sequence;

    /// <summary>Whether the lane has no work in this step.</summary>
    public bool IsIdle => Length == 0;

    /// <summary>The chunk without its first time steps.</summary>
    public LaneChunk From(int first) => first == 0 ? this
        : first >= Length ? Idle : this with { Start = Start + first, Length = Length - first, Reset = false };

    /// <summary>The chunk's first time steps, so many at most.</summary>
    public LaneChunk UpTo(int steps) => Length <= steps ? this : this with { Length = steps };
}

/// <summary>
/// The steps of one epoch: each sequence, in order, goes to the lane that becomes free first (the lowest on a tie) and stays there, chunk
/// after chunk, to its end.
/// </summary>
/// <remarks>
/// <code>
/// lanes 3, k 7, lengths 20 5 33 7 …      step  0    1    2    3    4
///                                      lane 0  s0·7 s0·7 s0·6 s4·7 s4·7
///                                      lane 1  s1·5 s3·7 s5·1 …
///                                      lane 2  s2·7 s2·7 s2·7 s2·7 s2·5
/// </code>
/// A plan holds one entry per sequence, not per step: a stream of a billion time steps costs as much as its number of lanes.
/// </remarks>
public sealed class ChunkPlan
{
    private readonly ChunkSplit _split;
    private readonly ISequenceSet _sequences;
    private readonly List<Assignment>[] _lanes;
    private readonly ArrivedSteps? _arrived;

    private ChunkPlan(ISequenceSet sequences, ChunkSplit split, List<Assignment>[] lanes, long steps)
    {
        (_sequences, _split, _lanes) = (sequences, split, lanes);
        Steps = steps;
    }

    private ChunkPlan(ISequenceSet sequences, ChunkSplit split, List<Assignment>[] lanes, ArrivedSteps arrived)
        : this(sequences, split, lanes, arrived.Steps) => _arrived = arrived;

    /// <summary>The run's lanes.</summary>
    public int Lanes => _lanes.Length;

    /// <summary>Steps of the epoch.</summary>
    public long Steps { get; }

    /// <summary>Time steps of a step, counted from 0, summed over lanes.</summary>
    public long TimeSteps(long step)
    {
        long sum = 0;
        for (int lane = 0; lane < Lanes; lane++)
            sum += this[step, lane].Length;
        return sum;
    }

    /// <summary>The chunk of a lane in a step, both counted from 0.</summary>
    public LaneChunk this[long step, int lane]
    {
        get
        {
            if (_arrived is { } arrived)
                return Arrived(arrived, step, lane);
            var assignments = _lanes[lane];
            int index = LastNotAfter(assignments, step);
            if (index < 0)
                return LaneChunk.Idle;
            var assignment = assignments[index];
            int length = _sequences.Length(assignment.Sequence);
            long chunk = step - assignment.FirstStep;
            if (chunk >= _split.Chunks(length))
                return LaneChunk.Idle;
            var (start, count) = _split.Chunk(length, (int)chunk);
            return new(assignment.Sequence, start, count, Reset: chunk == 0 && !_sequences.Continues(assignment.Sequence));
        }
    }

    /// <summary>Plans an epoch.</summary>
    /// <param name="sequences">The sequences.</param>
    /// <param name="lanes">The number of the run's lanes.</param>
    /// <param name="split">How a sequence is cut.</param>
    /// <param name="order">The order the sequences are taken in; null for their own.</param>
    public static ChunkPlan Create(ISequenceSet sequences, int lanes, ChunkSplit split, IReadOnlyList<int>? order = null)
    {
        var assignments = Enumerable.Range(0, lanes).Select(_ => new List<Assignment>()).ToArray();
        if ((sequences as IArrivedSequences)?.Arrived is { } arrived)
            return new(sequences, split, assignments, arrived);
        var free = new PriorityQueue<int, (long Step, int Lane)>(Enumerable.Range(0, lanes).Select(lane => (lane, (0L, lane))));
        long steps = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            int sequence = order is null ? i : order[i];
            free.TryDequeue(out int lane, out var at);
            assignments[lane].Add(new(sequence, at.Step));
            long end = at.Step + split.Chunks(sequences.Length(sequence));
            free.Enqueue(lane, (end, lane));
            steps = Math.Max(steps, end);
        }

        return new(sequences, split, assignments, steps);
    }

    private LaneChunk Arrived(ArrivedSteps arrived, long step, int lane)
    {
        int chunk = arrived.ChunkOf(step, lane);
        if (chunk < 0)
            return LaneChunk.Waiting;
        var (start, count) = _split.Chunk(_sequences.Length(lane), chunk);
        return new(lane, start, count, Reset: chunk == 0 && !_sequences.Continues(lane));
    }

    private static int LastNotAfter(List<Assignment> assignments, long step)
    {
        int low = 0, high = assignments.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (assignments[middle].FirstStep <= step)
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }

    private readonly record struct Assignment(int Sequence, long FirstStep);
}
