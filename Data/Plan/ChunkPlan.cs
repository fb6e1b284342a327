namespace Orleans.Tbptt.Data.Plan;

/// <summary>The work of one lane in one step.</summary>
/// <param name="Sequence">The sequence it works on; -1 when the lane is idle, -2 when it waits.</param>
/// <param name="Start">The chunk's first time step.</param>
/// <param name="Length">The chunk's time steps; 0 when idle.</param>
/// <param name="Reset">
/// Whether the sequence starts here, so that the lane's hidden state is zeroed first; false for one that continues what another run was
/// trained on.
/// </param>
/// <param name="Earlier">Chunks before the step's own with which a window begins: its hidden state is the one at their start.</param>
/// <param name="Uncounted">Its first time steps that have no part in the loss: those of earlier chunks, and of a burn-in.</param>
/// <param name="Continues">
/// Whether it begins with the first time step of a sequence that continues what another run was trained on.
/// </param>
public readonly record struct LaneChunk(
    int Sequence, int Start, int Length, bool Reset, int Earlier = 0, int Uncounted = 0, bool Continues = false)
{
    /// <summary>No work: the lane contributes nothing and its hidden state is zero.</summary>
    public static LaneChunk Idle { get; } = new(-1, 0, 0, false);

    /// <summary>No work yet: the lane contributes nothing and keeps its hidden state, because its series continues.</summary>
    internal static LaneChunk Waiting { get; } = new(-2, 0, 0, false);

    /// <summary>Whether the lane has no work in this step, and keeps its hidden state.</summary>
    public bool IsWaiting => Sequence == Waiting.Sequence;

    /// <summary>Whether the lane has no work in this step.</summary>
    public bool IsIdle => Length == 0;

    /// <summary>Whether a sequence starts with its first time step: that of the window, where it has one.</summary>
    public bool StartsSequence => Length > 0 && Start == 0 && !Continues;

    /// <summary>The chunk without its first time steps.</summary>
    public LaneChunk From(int first) => first == 0 ? this
        : first >= Length ? Idle : this with
        {
            Start = Start + first, Length = Length - first, Reset = false, Uncounted = Math.Max(0, Uncounted - first),
            Continues = false,
        };

    /// <summary>The chunk's first time steps, so many at most.</summary>
    public LaneChunk UpTo(int steps) => Length <= steps ? this : this with { Length = steps, Uncounted = Math.Min(Uncounted, steps) };
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
    private readonly int _window;
    private readonly int _burnIn;
    private readonly DrawnLengths? _drawn;
    private readonly ISequenceSet _sequences;
    private readonly List<Assignment>[] _lanes;
    private readonly ArrivedSteps? _arrived;

    private ChunkPlan(
        ISequenceSet sequences, ChunkSplit split, int window, int burnIn, DrawnLengths? drawn, List<Assignment>[] lanes, long steps)
    {
        (_sequences, _split, _window, _burnIn, _drawn, _lanes) = (sequences, split, window, burnIn, drawn, lanes);
        Steps = steps;
    }

    private ChunkPlan(ISequenceSet sequences, ChunkSplit split, int burnIn, List<Assignment>[] lanes, ArrivedSteps arrived)
        : this(sequences, split, 1, burnIn, null, lanes, arrived.Steps) => _arrived = arrived;

    /// <summary>The run's lanes.</summary>
    public int Lanes => _lanes.Length;

    /// <summary>Steps of the epoch.</summary>
    public long Steps { get; }

    /// <summary>Time steps of a step, counted from 0, whose targets count, summed over lanes.</summary>
    public long TimeSteps(long step)
    {
        long sum = 0;
        for (int lane = 0; lane < Lanes; lane++)
        {
            var chunk = this[step, lane];
            sum += chunk.Length - chunk.Uncounted;
        }

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
            if (step >= End(_split, _drawn, assignment.FirstStep, length))
                return LaneChunk.Idle;
            var (start, count) = _drawn is null ? _split.Chunk(length, (int)chunk) : Drawn(assignment.FirstStep, step, length);
            return Of(assignment.Sequence, chunk, start, count);
        }
    }

    /// <summary>The learning rate of a step as a share of the scheduled one: 1, except where chunk lengths are random.</summary>
    public double RateFactor(long step) => _drawn?.RateFactor(step) ?? 1;

    /// <summary>Plans an epoch.</summary>
    /// <param name="sequences">The sequences.</param>
    /// <param name="lanes">The number of the run's lanes.</param>
    /// <param name="split">How a sequence is cut.</param>
    /// <param name="order">The order the sequences are taken in; null for their own.</param>
    /// <param name="burnIn">Time steps at the start of a sequence that have no part in the loss, unless it continues another one.</param>
    /// <param name="window">Chunks that a step's window has, as far as the sequence has them; 1 for the step's own alone.</param>
    public static ChunkPlan Create(
        ISequenceSet sequences, int lanes, ChunkSplit split, IReadOnlyList<int>? order = null, int burnIn = 0, int window = 1) =>
        Create(sequences, lanes, split, order, burnIn, window, null);

    /// <inheritdoc cref="Create(ISequenceSet, int, ChunkSplit, IReadOnlyList{int}?, int, int)"/>
    /// <param name="sequences">The sequences.</param>
    /// <param name="lanes">The number of the run's lanes.</param>
    /// <param name="split">How a sequence is cut, where lengths are not drawn.</param>
    /// <param name="order">The order the sequences are taken in; null for their own.</param>
    /// <param name="burnIn">Time steps at the start of a sequence that have no part in the loss, unless it continues another one.</param>
    /// <param name="window">Chunks that a step's window has, as far as the sequence has them; 1 for the step's own alone.</param>
    /// <param name="drawn">The lengths of the steps' chunks; null where the split says them.</param>
    internal static ChunkPlan Create(
        ISequenceSet sequences, int lanes, ChunkSplit split, IReadOnlyList<int>? order, int burnIn, int window, DrawnLengths? drawn)
    {
        var assignments = Enumerable.Range(0, lanes).Select(_ => new List<Assignment>()).ToArray();
        if ((sequences as IArrivedSequences)?.Arrived is { } arrived)
            return new(sequences, split, burnIn, assignments, arrived);
        var free = new PriorityQueue<int, (long Step, int Lane)>(Enumerable.Range(0, lanes).Select(lane => (lane, (0L, lane))));
        long steps = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            int sequence = order is null ? i : order[i];
            free.TryDequeue(out int lane, out var at);
            assignments[lane].Add(new(sequence, at.Step));
            long end = End(split, drawn, at.Step, sequences.Length(sequence));
            free.Enqueue(lane, (end, lane));
            steps = Math.Max(steps, end);
        }

        return new(sequences, split, window, burnIn, drawn, assignments, steps);
    }

    /// <summary>A chunk of a sequence with the chunks before it in its window, and what of it counts.</summary>
    private LaneChunk Of(int sequence, long chunk, int start, int count)
    {
        int earlier = (int)Math.Min(_window - 1, chunk);
        int first = earlier == 0 ? start : _split.Chunk(_sequences.Length(sequence), (int)chunk - earlier).Start;
        bool continues = (first == 0 || _burnIn > start) && _sequences.Continues(sequence);
        int counted = continues ? start : Math.Clamp(_burnIn, start, start + count);
        return new(sequence, first, start + count - first, chunk == 0 && !continues, earlier, counted - first, first == 0 && continues);
    }

    private LaneChunk Arrived(ArrivedSteps arrived, long step, int lane)
    {
        int chunk = arrived.ChunkOf(step, lane);
        if (chunk < 0)
            return LaneChunk.Waiting;
        var (start, count) = _split.Chunk(_sequences.Length(lane), chunk);
        return Of(lane, chunk, start, count);
    }

    private (int Start, int Length) Drawn(long first, long step, int length)
    {
        int start = (int)_drawn!.Start(first, step);
        return (start, Math.Min(_drawn.At(step), length - start));
    }

    private static long End(ChunkSplit split, DrawnLengths? drawn, long first, int length) =>
        drawn?.End(first, length) ?? first + split.Chunks(length);

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
