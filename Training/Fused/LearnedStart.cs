using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// The gradient of the learned state with which sequences start: the sum of the gradients of the state before a chunk over the lanes on
/// which one starts with it.
/// </summary>
internal sealed unsafe class LearnedStart
{
    private readonly HiddenLayout _states;
    private readonly int _first;

    private LearnedStart(ModelSpec model, int first) => (_states, _first) = (new(model), first);

    /// <summary>That of a model; null where its initial state is zero.</summary>
    public static LearnedStart? Of(ModelSpec model, ParameterLayout layout) =>
        layout.InitialState is { } first ? new(model, first) : null;

    /// <summary>Whether a sequence starts on any lane.</summary>
    public static bool IsIn(ChunkBatch batch)
    {
        foreach (int lane in batch.ActiveLanes)
        {
            if (batch.ChunkOf(lane).StartsSequence)
                return true;
        }

        return false;
    }

    /// <summary>Writes the gradient of a layer's initial state, or adds it, after the layer's backward pass.</summary>
    /// <param name="batch">All lanes.</param>
    /// <param name="shards">The shards that the lanes belong to; null where they are all of one.</param>
    /// <param name="shard">The shard whose lanes are summed over.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="index">Which one it is.</param>
    /// <param name="sums">Whether it is written or added.</param>
    /// <param name="gradient">The flat gradient of the shard.</param>
    public void Gradient(ChunkBatch batch, ShardBatches? shards, int shard, FusedLayer layer, int index, RowSums sums, float* gradient)
    {
        for (int state = 0; state < _states.States; state++)
        {
            float* sum = gradient + _first + _states.Offset(state, index);
            var rows = layer.Memory.StateGradient(state);
            if (sums == RowSums.Ascending)
                new Span<float>(sum, rows.Columns).Clear();
            for (int i = 0; i < batch.ActiveLanes.Length; i++)
            {
                int lane = batch.ActiveLanes[i];
                if (batch.ChunkOf(lane).StartsSequence && (shards is null || shards.ShardOf(lane) == shard))
                    Elementwise.Run(new AddTo(rows[i], sum), rows.Columns);
            }
        }
    }
}
