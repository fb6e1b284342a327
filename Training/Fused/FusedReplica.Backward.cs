using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <content>The way back: gradients of all rows at once, and what is summed over rows by shards.</content>
public sealed unsafe partial class FusedReplica
{
    /// <summary>Computes the gradient of every parameter from those of the head's outputs and of the state after the chunk.</summary>
    private void Backward(ChunkBatch batch, DropoutMasks dropout, RowSums sums, float* gradient)
    {
        float* inputs = Top(dropout, out int stride);
        _head.Backward(inputs, stride, _layers[^1].Memory.OutputGradient, _times.Rows, sums, gradient);
        BackwardLayers(batch, dropout, sums, null, gradient);
    }

    /// <summary>Computes the gradients of the layers from that of what the head got.</summary>
    /// <param name="batch">All lanes.</param>
    /// <param name="dropout">The masks.</param>
    /// <param name="sums">How sums run.</param>
    /// <param name="shards">The shards that the lanes belong to; null where they are all of one.</param>
    /// <param name="gradient">Receives the sum over each shard's rows, <c>[shards][parameters]</c>.</param>
    private void BackwardLayers(ChunkBatch batch, DropoutMasks dropout, RowSums sums, ShardBatches? shards, float* gradient)
    {
        if (dropout.DropsOutputs)
            _droppedOutputs.Backward(_layers[^1].Memory.OutputGradient, _times.Rows);
        bool inWaves = TakesWaves && _layers.All(static layer => layer.GivesHidden);
        if (inWaves)
            BackwardInWaves(dropout);
        if (inWaves && shards is null && DividesLayers)
        {
            _team.Run(new LayerGradients(this, batch, dropout, sums, gradient));
            return;
        }

        for (int index = _layers.Length - 1; index >= 0; index--)
        {
            if (!inWaves)
                Backward(_layers[index], sums, shards, gradient);
            Gradients(index, batch, dropout, sums, shards, gradient);
            if (index > 0 && !inWaves)
                _inputs.Backward(dropout.DropsBetween, index, _times.Rows);
        }
    }

    /// <summary>Computes the gradients of a layer's parameters, and of what it begins with, after its backward pass.</summary>
    private void Gradients(int index, ChunkBatch batch, DropoutMasks dropout, RowSums sums, ShardBatches? shards, float* gradient)
    {
        var layer = _layers[index];
        if (index == 0 && dropout.DropsInputs)
            _droppedInputs!.Backward(layer, _times.Rows);
        for (int part = 0; part < (shards?.Count ?? 1); part++)
        {
            if (!HasRows(shards, part, sums, out var rows))
                continue;
            float* own = gradient + ((long)part * Layout.Length);
            Gradient(index, batch, dropout, rows, own);
            _start?.Gradient(batch, shards, part, layer, index, sums, own);
        }
    }

    /// <summary>Backpropagates through a layer's time steps, from the gradient of its outputs.</summary>
    private void Backward(FusedLayer layer, RowSums sums, ShardBatches? shards, float* gradient)
    {
        layer.KeepResidual(0, _times.Rows);
        for (int part = 0; part < (shards?.Count ?? 1); part++)
        {
            if (HasRows(shards, part, sums, out var rows))
                layer.ToHidden(rows, gradient + ((long)part * Layout.Length));
        }

        layer.Backward(_times);
    }

    /// <summary>The rows of a shard, or all of them where there is one; false where it has none.</summary>
    private bool HasRows(ShardBatches? shards, int shard, RowSums sums, out GradientRows rows)
    {
        rows = shards is null ? _times.All(sums) : _times.Of(shards.RowsOf(shard));
        return shards is null || shards[shard].Rows > 0;
    }

    /// <summary>Computes the gradients of a layer's parameters, summed over rows, from that of its gates' sums.</summary>
    private void Gradient(int index, ChunkBatch batch, DropoutMasks dropout, GradientRows rows, float* gradient)
    {
        var layer = _layers[index];
        layer.Gradient(rows, gradient);
        if (index == 0 && dropout.DropsInputs)
        {
            _droppedInputs!.Gradient(layer, rows, gradient);
            return;
        }

        if (index > 0 || _values > 0)
            _inputs.Gradient(dropout.DropsBetween, index, rows, gradient);
        for (int table = 0; index == 0 && table < _tables.Length; table++)
        {
            if (rows.Sums == RowSums.Ascending)
                _tables[table].Gradient(batch.Tokens, layer.Memory.Gates, rows, gradient);
            else
                _tables[table].BackwardPiece(layer.Memory.Gates, _times.Rows);
        }
    }
}
