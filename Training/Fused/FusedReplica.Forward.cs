using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <content>The way forward: layers, then the head.</content>
public sealed unsafe partial class FusedReplica
{
    /// <summary>
    /// Runs every layer over the chunk, from the state before to the state after it, which is stored where there is room for it.
    /// </summary>
    private void Recur(ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Pass pass)
    {
        bool reachesStart = pass == Pass.Chunk && _start is not null && LearnedStart.IsIn(batch);
        _times.Read(batch, carries: pass == Pass.Piece, reachesStart);
        if (_both is not null)
        {
            // Whole sequences leave no state behind, and begin with none.
            _both.Forward(batch, _times, dropout, backward: pass != Pass.Forward);
            return;
        }

        for (int index = 0; index < _layers.Length; index++)
        {
            _layers[index].Reserve(_times, backward: pass != Pass.Forward);
            _layers[index].Begin(batch, dropout);
            _hidden.Load(batch, index, hiddenBefore);
            if (index > 0)
                _inputs.Begin(batch, dropout, index);
        }

        SumInputs(batch, dropout);
        if (TakesWaves)
            ForwardInWaves(dropout);
        else
            ForwardLayers(dropout);
        for (int index = 0; index < _layers.Length && !hiddenAfter.IsEmpty; index++)
            _hidden.Store(batch, index, hiddenAfter);
    }

    /// <summary>Runs one layer after the other.</summary>
    private void ForwardLayers(DropoutMasks dropout)
    {
        for (int index = 0; index < _layers.Length; index++)
        {
            if (index > 0)
                _inputs.Forward(dropout.DropsBetween, index, _times.Rows);
            _layers[index].Forward(_times);
            float* inputs = _inputs.Of(index, dropout.DropsBetween, out int stride);
            _layers[index].Finish(inputs, stride, 0, _times.Rows);
        }
    }

    /// <summary>Runs the head over the top layer's outputs.</summary>
    private void Outputs(ChunkBatch batch, DropoutMasks dropout)
    {
        if (_both is not null)
        {
            _head.Forward(_both.Outputs[0], _both.Outputs.Stride, _times.Rows);
            return;
        }

        DropOutputs(batch, dropout);
        _head.Forward(Top(dropout, out int top), top, _times.Rows);
    }

    private void DropOutputs(ChunkBatch batch, DropoutMasks dropout)
    {
        if (!dropout.DropsOutputs)
            return;
        dropout.FillOutputs(batch, _layers.Length - 1, _model.LayerOutputs, _droppedOutputs.Mask(_times.Rows));
        _droppedOutputs.Multiply(_layers[^1].Outputs(out int whole), whole, _times.Rows);
    }

    /// <summary>Computes the first layer's sums over values and vectors, biases included.</summary>
    private void SumInputs(ChunkBatch batch, DropoutMasks dropout)
    {
        var layer = _layers[0];
        if (dropout.DropsInputs)
        {
            _droppedInputs!.Forward(batch, dropout, layer);
            return;
        }

        if (_values > 0)
        {
            _inputs.Begin(batch, dropout, 0);
            _inputs.Forward(dropped: false, 0, batch.Rows);
        }

        for (int table = 0; table < _tables.Length; table++)
            _tables[table].Forward(batch.Tokens, _values + table > 0 ? null : layer.InputBias, layer.Memory.Gates, dropout);
    }

    /// <summary>What the head gets of each row, the chunk's first row first.</summary>
    private float* Top(DropoutMasks dropout, out int stride)
    {
        if (!dropout.DropsOutputs)
            return _layers[^1].Outputs(out stride);
        stride = _droppedOutputs.Values.Stride;
        return _droppedOutputs.Values[0];
    }
}
