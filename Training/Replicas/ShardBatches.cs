using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Training.Replicas;

/// <summary>
/// One chunk of a trainer's shards: of each shard by itself, and where the engine runs them at once, of all their lanes together.
/// </summary>
/// <remarks>
/// Rows of a shard stand among all rows in the order that they have in the shard alone, because lanes are sorted alike in both, and time
/// goes before lanes. So a sum over a shard's rows has the same order, and the same bits, whatever other shards are run with it.
/// <code>
/// shard 0: lanes 0 1     a0 a1 b0 b1 …       all lanes   a0 a1 a2 a3 b0 b1 b2 b3 …
/// shard 1: lanes 2 3     a2 a3 b2 b3 …       rows of shard 1: 2 3 6 7 …
/// </code>
/// Buffers grow to the largest chunk so far and are reused.
/// </remarks>
internal sealed class ShardBatches
{
    private readonly IReadOnlyList<LaneBlock> _shards;
    private readonly ChunkBatch[] _parts;
    private readonly int[] _shardOf;
    private readonly int[][] _rows;
    private readonly int[] _counts;
    private readonly bool _join;

    /// <summary>Makes empty batches.</summary>
    /// <param name="shape">The shape of a row.</param>
    /// <param name="shards">The lanes of each of the trainer's shards, in order.</param>
    /// <param name="join">Whether the engine runs them at once.</param>
    public ShardBatches(DataShape shape, IReadOnlyList<LaneBlock> shards, bool join)
    {
        (_shards, _join) = (shards, join);
        _parts = [.. shards.Select(_ => new ChunkBatch(shape))];
        Whole = join ? new(shape) : _parts[0];
        _shardOf = [.. shards.SelectMany((block, shard) => Enumerable.Repeat(shard, block.Count))];
        _rows = [.. shards.Select(_ => Array.Empty<int>())];
        _counts = new int[shards.Count];
    }

    /// <summary>How many shards.</summary>
    public int Count => _parts.Length;

    /// <summary>
    /// All lanes together, with inputs alone: targets are those of the shards. Where the engine does not run shards at once, the first
    /// shard.
    /// </summary>
    public ChunkBatch Whole { get; }

    /// <summary>The chunk of one shard.</summary>
    public ChunkBatch this[int shard] => _parts[shard];

    /// <summary>The shard of one of all lanes.</summary>
    public int ShardOf(int lane) => _shardOf[lane];

    /// <summary>The rows of a shard among those of all lanes, in order.</summary>
    public ReadOnlySpan<int> RowsOf(int shard) => _rows[shard].AsSpan(0, _counts[shard]);

    /// <summary>Fills the batches with a step's chunk. Allocates nothing once the buffers have grown.</summary>
    public void Load(ISequenceSet sequences, ChunkPlan plan, long step)
    {
        for (int shard = 0; shard < _parts.Length; shard++)
            _parts[shard].Load(sequences, plan, step, _shards[shard]);
        if (_join)
            Join();
    }

    private void Join()
    {
        Whole.JoinLanes(_parts);
        for (int shard = 0; shard < _parts.Length; shard++)
        {
            _counts[shard] = 0;
            if (_rows[shard].Length < _parts[shard].Rows)
                _rows[shard] = new int[_parts[shard].Rows];
        }

        var lanes = Whole.ActiveLanes;
        foreach (var segment in Whole.Segments)
        {
            for (int t = 0, row = segment.FirstRow; t < segment.Steps; t++)
            {
                for (int position = 0; position < segment.Lanes; position++, row++)
                {
                    int shard = _shardOf[lanes[position]];
                    _rows[shard][_counts[shard]++] = row;
                }
            }
        }

        for (int shard = 0; shard < _parts.Length; shard++)
            Whole.TakeInputs(_parts[shard], RowsOf(shard));
    }
}
