using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <content>
/// Several shards at once: the layers run over the lanes of all of them, because the recurrent products of few lanes are slow; the head,
/// the loss, and what is summed into a gradient have the rows of one shard after the other.
/// </content>
public sealed unsafe partial class FusedReplica : IShardsReplica
{
    private Rows? _shardHidden;
    private Rows? _shardGradient;

    void IShardsReplica.ForwardBackward(
        ShardBatches shards, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> gradientSums,
        Span<double> lossSums)
    {
        EnsureUsable(gradientSums.Length, "the gradients", checked(shards.Count * Layout.Length));
        var whole = shards.Whole;
        EnsureFits(whole);
        hiddenAfter.Clear();
        lossSums.Clear();
        float* top = null;
        int stride = 0;
        if (whole.Rows > 0)
        {
            Recur(whole, dropout, hiddenBefore, hiddenAfter, Pass.Chunk);
            DropOutputs(whole, dropout);
            top = Top(dropout, out stride);
        }

        fixed (float* gradient = gradientSums)
        {
            for (int shard = 0; shard < shards.Count; shard++)
            {
                var batch = shards[shard];
                float* own = gradient + ((long)shard * Layout.Length);
                if (batch.Rows == 0)
                {
                    new Span<float>(own, Layout.Length).Clear();
                    continue;
                }

                var hidden = Gather(top, stride, shards.RowsOf(shard));
                _shardGradient ??= new(hidden.Columns);
                _shardGradient.Reserve(batch.Rows);
                _head.Forward(hidden[0], hidden.Stride, batch.Rows);
                lossSums[shard] = _loss.Sum(_team, _head.Outputs, batch, ref _scratch);
                _head.Backward(hidden[0], hidden.Stride, _shardGradient, batch.Rows, RowSums.Ascending, own);
                Spread(_shardGradient, shards.RowsOf(shard));
            }

            if (whole.Rows == 0)
                return;
            foreach (var layer in _layers)
                layer.Memory.BeginBackward(_times);
            BackwardLayers(whole, dropout, RowSums.Ascending, shards, gradient);
        }

        GC.KeepAlive(this);
    }

    void IShardsReplica.Forward(
        ShardBatches shards, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs, Span<int> largest,
        Span<double> lossSums)
    {
        var whole = shards.Whole;
        EnsureFits(whole);
        hiddenAfter.Clear();
        lossSums.Clear();
        if (whole.Rows == 0)
            return;
        Recur(whole, DropoutMasks.None, hiddenBefore, hiddenAfter, Pass.Forward);
        float* top = Top(DropoutMasks.None, out int stride);
        for (int shard = 0, first = 0; shard < shards.Count; shard++)
        {
            var batch = shards[shard];
            if (batch.Rows == 0)
                continue;
            var hidden = Gather(top, stride, shards.RowsOf(shard));
            _head.Forward(hidden[0], hidden.Stride, batch.Rows);
            CopyOutputs(batch.Rows, outputs.IsEmpty ? default : outputs[(first * _head.Outputs.Columns)..]);
            for (int row = 0; row < batch.Rows && !largest.IsEmpty; row++)
                largest[first + row] = Largest.Of(_head.Outputs.Span(row));
            lossSums[shard] = _loss.Sum(_team, _head.Outputs, batch, ref _scratch);
            first += batch.Rows;
        }

        GC.KeepAlive(this);
    }

    /// <summary>What the head gets of some rows, one after another.</summary>
    private Rows Gather(float* top, int stride, ReadOnlySpan<int> rows)
    {
        var hidden = _shardHidden ??= new(_model.LayerOutputs);
        hidden.Reserve(rows.Length);
        for (int i = 0; i < rows.Length; i++)
            new ReadOnlySpan<float>(top + ((long)rows[i] * stride), hidden.Columns).CopyTo(hidden.Span(i));
        return hidden;
    }

    /// <summary>Puts the gradients of those outputs where the top layer expects them.</summary>
    private void Spread(Rows gradient, ReadOnlySpan<int> rows)
    {
        var all = _layers[^1].Memory.OutputGradient;
        for (int i = 0; i < rows.Length; i++)
            gradient.Span(i).CopyTo(all.Span(rows[i]));
    }

    private void DisposeOfShards()
    {
        _shardHidden?.Dispose();
        _shardGradient?.Dispose();
    }
}
