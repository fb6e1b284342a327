using System.Runtime.InteropServices;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Training.Replicas;

/// <summary>A range of time steps with the same active lanes.</summary>
/// <param name="Steps">Time steps.</param>
/// <param name="Lanes">The number of active lanes, a prefix of <see cref="ChunkBatch.ActiveLanes"/>.</param>
/// <param name="FirstTime">The chunk's time step at which it begins.</param>
/// <param name="FirstRow">Its first row in the batch's buffers.</param>
public readonly record struct Segment(int Steps, int Lanes, int FirstTime, int FirstRow);

/// <summary>
/// One chunk of a trainer's lanes, laid out for the replica without padding.
/// </summary>
/// <remarks>
/// Active lanes are sorted by chunk length, longest first, so that time divides into segments in which a shrinking prefix of the lanes is
/// active. Rows are time-major within a segment. Equal lengths, the common case, are one segment: plain <c>[time, lane]</c>.
/// <code>
/// lane lengths 3 5 5      active lanes 1 2 0      time   0 1 2   3 4
///                                               lane 1  ▪ ▪ ▪   ▪ ▪
///                                               lane 2  ▪ ▪ ▪   ▪ ▪
///                                               lane 0  ▪ ▪ ▪
///                                                      segment 0  1
/// </code>
/// Buffers grow to the largest chunk so far and are reused.
/// </remarks>
public sealed partial class ChunkBatch
{
    private static long _stamps;

    private readonly DataShape _shape;
    private readonly List<Segment> _segments = [];
    private LaneChunk[] _chunks = [];
    private int[] _left = [];
    private int[] _activeLanes = [];
    private bool[] _resets = [];
    private int _active;
    private long _masked;
    private float[] _values = [];
    private float[] _targetValues = [];
    private long[] _tokens = [];
    private long[] _classes = [];

    /// <summary>An empty batch for data of this shape.</summary>
    public ChunkBatch(DataShape shape) => _shape = shape;

    /// <summary>The shape of a row.</summary>
    public DataShape Shape => _shape;

    /// <summary>The trainer's lanes (from 0 within its block) that have work, longest chunk first, lower lane first on a tie.</summary>
    public ReadOnlySpan<int> ActiveLanes => _activeLanes.AsSpan(0, _active);

    /// <summary>
    /// For each of the trainer's lanes, whether its hidden state is zeroed before the chunk: a sequence starts, or the lane is idle.
    /// </summary>
    public ReadOnlySpan<bool> Resets => _resets;

    /// <summary>The segments, in time order; empty when every lane is idle.</summary>
    public ReadOnlySpan<Segment> Segments => CollectionsMarshal.AsSpan(_segments);

    /// <summary>Rows: time steps summed over the active lanes.</summary>
    public int Rows { get; private set; }

    /// <summary>Whether a lane waits for rows to come, and keeps its hidden state.</summary>
    public bool HasWaiting { get; private set; }

    /// <summary>Time steps of the longest lane.</summary>
    public int Steps { get; private set; }

    /// <summary>The time step of the step's chunk with which it begins: 0, except for a piece of the chunk.</summary>
    public int FirstTime { get; private set; }

    /// <summary>
    /// Elements that the loss is summed over: rows × target features, or rows where targets are classes, less those that are masked.
    /// </summary>
    public double Weight => Elements - _masked;

    /// <summary>Whether some of its targets are masked: NaN, or <see cref="DataShape.MaskedClass"/>.</summary>
    public bool IsMasked => _masked > 0;

    /// <summary>
    /// The number of what it was filled with, which nothing else in this process has had: batches with one stamp hold the same rows. 0
    /// where it was not filled from sequences.
    /// </summary>
    internal long Stamp { get; private set; }

    /// <summary>Inputs that are values, <c>[Rows, InputFeatures]</c>.</summary>
    public ReadOnlySpan<float> Values => _values.AsSpan(0, Rows * _shape.InputFeatures);

    /// <summary>Inputs that are tokens or classes, <c>[Rows, Codes]</c>.</summary>
    public ReadOnlySpan<long> Tokens => _tokens.AsSpan(0, Rows * _shape.Codes);

    /// <summary>Targets that are values, <c>[Rows, TargetFeatures]</c>.</summary>
    public ReadOnlySpan<float> TargetValues => _targetValues.AsSpan(0, Rows * _shape.TargetFeatures);

    /// <summary>Targets that are classes, <c>[Rows]</c>.</summary>
    public ReadOnlySpan<long> Classes => _classes.AsSpan(0, _shape.HasClasses ? Rows : 0);

    /// <summary>The chunk of one of the trainer's lanes, from 0 within its block.</summary>
    public LaneChunk ChunkOf(int lane) => _chunks[lane];

    private long Elements => (long)Rows * Math.Max(1, _shape.TargetFeatures);

    /// <summary>Fills the batch with the chunk of a block of lanes in a step. Allocates nothing once the buffers have grown.</summary>
    public void Load(ISequenceSet sequences, ChunkPlan plan, long step, LaneBlock block) =>
        LoadPiece(sequences, plan, step, block, 0, int.MaxValue);

    /// <summary>
    /// Fills the batch with a piece of the chunk of a block of lanes in a step, and orders the lanes as in the whole chunk. Allocates
    /// nothing once the buffers have grown.
    /// </summary>
    /// <param name="sequences">The sequences.</param>
    /// <param name="plan">Their chunk plan.</param>
    /// <param name="step">The step, from 0.</param>
    /// <param name="block">The lanes.</param>
    /// <param name="first">The chunk's time step with which the piece begins; lanes whose chunk ends before it are not active.</param>
    /// <param name="steps">Time steps of the piece at most.</param>
    public void LoadPiece(ISequenceSet sequences, ChunkPlan plan, long step, LaneBlock block, int first, int steps)
    {
        if (_chunks.Length != block.Count)
        {
            (_chunks, _left, _activeLanes, _resets) =
                (new LaneChunk[block.Count], new int[block.Count], new int[block.Count], new bool[block.Count]);
        }

        FirstTime = first;
        for (int lane = 0; lane < _chunks.Length; lane++)
        {
            var chunk = plan[step, block.First + lane].From(first);
            (_chunks[lane], _left[lane]) = (chunk.UpTo(steps), chunk.Length);
        }

        Fill(sequences);
    }

    /// <summary>Fills the batch with one chunk of one sequence.</summary>
    internal void LoadOne(ISequenceSet sequences, LaneChunk chunk)
    {
        if (_chunks.Length != 1)
            (_chunks, _left, _activeLanes, _resets) = (new LaneChunk[1], new int[1], new int[1], new bool[1]);
        (FirstTime, _chunks[0], _left[0]) = (0, chunk, chunk.Length);
        Fill(sequences);
    }

    /// <summary>Orders the lanes by what is left of their chunks, and reads them.</summary>
    private void Fill(ISequenceSet sequences)
    {
        (_active, Rows, HasWaiting, Stamp) = (0, 0, false, 0);
        for (int lane = 0; lane < _chunks.Length; lane++)
        {
            var chunk = _chunks[lane];
            _resets[lane] = chunk.Reset || (chunk.IsIdle && !chunk.IsWaiting);
            HasWaiting |= chunk.IsWaiting;
            if (chunk.IsIdle)
                continue;
            Insert(lane);
            Rows += chunk.Length;
        }

        Steps = _active == 0 ? 0 : _chunks[_activeLanes[0]].Length;
        Divide();
        for (int position = 0; position < _active; position++)
        {
            var chunk = _chunks[_activeLanes[position]];
            var slice = new SequenceSlice(chunk.Sequence, chunk.Start, chunk.Length);
            if (_shape.Codes > 0)
                Scatter(static (set, part, to) => set.ReadInputs(part, to), sequences, slice, position, ref _tokens, _shape.Codes);
            if (_shape.InputFeatures > 0)
                Scatter(static (set, part, to) => set.ReadInputs(part, to), sequences, slice, position, ref _values, _shape.InputFeatures);
            if (_shape.HasClasses)
                Scatter(static (set, part, to) => set.ReadTargets(part, to), sequences, slice, position, ref _classes, 1);
            else
                Scatter(static (set, part, to) => set.ReadTargets(part, to), sequences, slice, position, ref _targetValues,
                    _shape.TargetFeatures);
        }

        bool isWhole = true;
        for (int position = 0; position < _active; position++)
            isWhole &= LeaveOut(position, _chunks[_activeLanes[position]].Uncounted);
        _masked = _shape.IsMasked || !isWhole ? CountMasked() : 0;

        // Last, so that what failed on the way has none.
        Stamp = Interlocked.Increment(ref _stamps);
    }

    /// <summary>Gathers one column of one lane's rows, in order of time.</summary>
    /// <param name="rows">Rows in the order of the batch, <c>[Rows, width]</c>.</param>
    /// <param name="position">The lane's place in <see cref="ActiveLanes"/>.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="column">Which of them.</param>
    /// <param name="destination">Receives the column, a number for each time step of the lane's chunk.</param>
    internal void Gather(ReadOnlySpan<float> rows, int position, int width, int column, Span<float> destination)
    {
        foreach (var segment in Segments)
        {
            if (position >= segment.Lanes)
                break;
            int at = ((segment.FirstRow + position) * width) + column;
            for (int t = 0; t < segment.Steps; t++, at += segment.Lanes * width)
                destination[segment.FirstTime + t] = rows[at];
        }
    }

    /// <summary>Inserts a lane after those whose chunks are as long or longer, what lies behind a piece included.</summary>
    private void Insert(int lane)
    {
        int at = _active++;
        for (; at > 0 && _left[_activeLanes[at - 1]] < _left[lane]; at--)
            _activeLanes[at] = _activeLanes[at - 1];
        _activeLanes[at] = lane;
    }

    private void Divide()
    {
        _segments.Clear();
        int time = 0, row = 0;
        for (int lanes = _active; lanes > 0; lanes--)
        {
            int end = _chunks[_activeLanes[lanes - 1]].Length;
            if (end == time)
                continue;
            _segments.Add(new(end - time, lanes, time, row));
            row += (end - time) * lanes;
            time = end;
        }
    }

    // Static lambdas, because a method group would allocate a delegate each time.
    private delegate void Reader<T>(ISequenceSet sequences, SequenceSlice slice, Span<T> destination);

    private void Scatter<T>(Reader<T> read, ISequenceSet sequences, SequenceSlice slice, int position, ref T[] rows, int width)
    {
        if (rows.Length < Rows * width)
            Array.Resize(ref rows, Rows * width);
        int needed = slice.Length * width;
        T[] lane = System.Buffers.ArrayPool<T>.Shared.Rent(needed);
        read(sequences, slice, lane.AsSpan(0, needed));
        foreach (var segment in Segments)
        {
            if (position >= segment.Lanes)
                break;
            for (int t = 0; t < segment.Steps; t++)
            {
                int row = segment.FirstRow + t * segment.Lanes + position;
                lane.AsSpan((segment.FirstTime + t) * width, width).CopyTo(rows.AsSpan(row * width, width));
            }
        }

        System.Buffers.ArrayPool<T>.Shared.Return(lane);
    }
}
