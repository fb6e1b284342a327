using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Training.Replicas;

/// <summary>A stretch of time in which the same lanes are at work.</summary>
/// <param name="Steps">Time steps.</param>
/// <param name="Lanes">Active lanes: the first so many of <see cref="ChunkBatch.ActiveLanes"/>.</param>
/// <param name="FirstTime">The chunk's time step at which it begins.</param>
/// <param name="FirstRow">Its first row in the batch's buffers.</param>
public readonly record struct Segment(int Steps, int Lanes, int FirstTime, int FirstRow);

/// <summary>
/// One chunk of a trainer's lanes, laid out for the replica without padding.
/// </summary>
/// <remarks>
/// Active lanes are sorted by chunk length, longest first, so that time falls into segments in which a shrinking prefix of the lanes is at
/// work. Rows are time-major within a segment. Equal lengths, the common case, are one segment: plain <c>[time, lane]</c>.
/// <code>
/// lane lengths 3 5 5      active lanes 1 2 0      time   0 1 2   3 4
///                                               lane 1  ▪ ▪ ▪   ▪ ▪
///                                               lane 2  ▪ ▪ ▪   ▪ ▪
///                                               lane 0  ▪ ▪ ▪
///                                                      segment 0  1
/// </code>
/// Buffers grow to the largest chunk met and are then reused.
/// </remarks>
public sealed class ChunkBatch
{
    private readonly DataShape _shape;
    private float[] _values = [];
    private float[] _targetValues = [];
    private long[] _tokens = [];
    private long[] _classes = [];

    /// <summary>An empty batch for data of this shape.</summary>
    public ChunkBatch(DataShape shape) => _shape = shape;

    /// <summary>What a row looks like.</summary>
    public DataShape Shape => _shape;

    /// <summary>The trainer's lanes (from 0 within its block) that have work, longest chunk first, lower lane first on a tie.</summary>
    public int[] ActiveLanes { get; private set; } = [];

    /// <summary>Of each of the trainer's lanes, whether its hidden state is zeroed before the chunk: a sequence starts, or the lane is idle.</summary>
    public bool[] Resets { get; private set; } = [];

    /// <summary>The segments, in time order; empty when every lane is idle.</summary>
    public IReadOnlyList<Segment> Segments { get; private set; } = [];

    /// <summary>Rows: time steps summed over the active lanes.</summary>
    public int Rows { get; private set; }

    /// <summary>Time steps of the longest lane.</summary>
    public int Steps { get; private set; }

    /// <summary>Elements that the loss is summed over: rows × target features, or rows where targets are classes.</summary>
    public double Weight => (double)Rows * Math.Max(1, _shape.TargetFeatures);

    /// <summary>Inputs that are values, <c>[Rows, InputFeatures]</c>.</summary>
    public ReadOnlySpan<float> Values => _values.AsSpan(0, Rows * _shape.InputFeatures);

    /// <summary>Inputs that are tokens, <c>[Rows]</c>.</summary>
    public ReadOnlySpan<long> Tokens => _tokens.AsSpan(0, _shape.HasTokens ? Rows : 0);

    /// <summary>Targets that are values, <c>[Rows, TargetFeatures]</c>.</summary>
    public ReadOnlySpan<float> TargetValues => _targetValues.AsSpan(0, Rows * _shape.TargetFeatures);

    /// <summary>Targets that are classes, <c>[Rows]</c>.</summary>
    public ReadOnlySpan<long> Classes => _classes.AsSpan(0, _shape.HasClasses ? Rows : 0);

    /// <summary>Fills the batch with what the plan gives a block of lanes in a step.</summary>
    public void Load(ISequenceSet sequences, ChunkPlan plan, long step, LaneBlock block)
    {
        var chunks = new LaneChunk[block.Count];
        Resets = new bool[block.Count];
        for (int lane = 0; lane < chunks.Length; lane++)
        {
            chunks[lane] = plan[step, block.First + lane];
            Resets[lane] = chunks[lane].IsIdle || chunks[lane].Reset;
        }

        ActiveLanes = [.. Enumerable.Range(0, chunks.Length).Where(lane => !chunks[lane].IsIdle).OrderByDescending(lane => chunks[lane].Length)];
        Segments = Divide([.. ActiveLanes.Select(lane => chunks[lane].Length)]);
        Rows = ActiveLanes.Sum(lane => chunks[lane].Length);
        Steps = ActiveLanes.Length == 0 ? 0 : chunks[ActiveLanes[0]].Length;
        for (int position = 0; position < ActiveLanes.Length; position++)
        {
            var chunk = chunks[ActiveLanes[position]];
            var slice = new SequenceSlice(chunk.Sequence, chunk.Start, chunk.Length);
            if (_shape.HasTokens)
                Scatter(sequences.ReadInputs, slice, position, ref _tokens, 1);
            else
                Scatter(sequences.ReadInputs, slice, position, ref _values, _shape.InputFeatures);
            if (_shape.HasClasses)
                Scatter(sequences.ReadTargets, slice, position, ref _classes, 1);
            else
                Scatter(sequences.ReadTargets, slice, position, ref _targetValues, _shape.TargetFeatures);
        }
    }

    private static Segment[] Divide(int[] lengths)
    {
        var segments = new List<Segment>();
        int time = 0, row = 0;
        for (int lanes = lengths.Length; lanes > 0; lanes--)
        {
            int end = lengths[lanes - 1];
            if (end == time)
                continue;
            segments.Add(new(end - time, lanes, time, row));
            row += (end - time) * lanes;
            time = end;
        }

        return [.. segments];
    }

    private delegate void Reader<T>(SequenceSlice slice, Span<T> destination);

    private void Scatter<T>(Reader<T> read, SequenceSlice slice, int position, ref T[] rows, int width)
    {
        if (rows.Length < Rows * width)
            Array.Resize(ref rows, Rows * width);
        int needed = slice.Length * width;
        T[] lane = System.Buffers.ArrayPool<T>.Shared.Rent(needed);
        read(slice, lane.AsSpan(0, needed));
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
