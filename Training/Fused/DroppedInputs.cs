using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// The first layer's inputs where some are dropped: values and vectors next to each other in a row of each time step, because a vector's
/// numbers are others in each.
/// </summary>
internal sealed unsafe class DroppedInputs : IDisposable
{
    private readonly EmbeddingTable[] _tables;
    private readonly Weight _weight;
    private readonly int _values;
    private readonly Rows _whole;
    private readonly MaskedRows _dropped;
    private readonly Rows _gradient;
    private readonly Rows _zeros;

    public DroppedInputs(Team team, ModelSpec model, ParameterLayout layout, EmbeddingTable[] tables)
    {
        (_tables, _values, _weight) = (tables, model.ValueInputs, new(team, layout, "rnn.weight_ih_l0"));
        (_whole, _dropped, _gradient, _zeros) =
            (new(_weight.Inputs), new(_weight.Inputs), new(_weight.Inputs), new(Math.Max(_weight.Inputs, _weight.Outputs)));
        _zeros.Reserve(1);
    }

    /// <summary>Loads the weight.</summary>
    public void Load(float* parameters) => _weight.Load(parameters, toInputs: true);

    /// <summary>Computes the layer's sums over inputs, biases included, into its gates.</summary>
    public void Forward(ChunkBatch batch, DropoutMasks dropout, FusedLayer layer)
    {
        _whole.Reserve(batch.Rows);
        for (int row = 0; row < batch.Rows; row++)
            batch.Values.Slice(row * _values, _values).CopyTo(_whole.Span(row));
        foreach (var table in _tables)
            table.CopyVectors(batch.Tokens, dropout, _whole);
        dropout.FillInputs(batch, _weight.Inputs, _dropped.Mask(batch.Rows));
        _dropped.Multiply(_whole[0], _whole.Stride, batch.Rows);
        _weight.ForwardAll(_dropped.Values[0], _dropped.Values.Stride, layer.InputBias, layer.Memory.Gates, batch.Rows);
    }

    /// <summary>Computes the gradient of the inputs, where vectors need it, from that of the layer's sums.</summary>
    public void Backward(FusedLayer layer, int rows)
    {
        if (_tables.Length == 0)
            return;
        var gates = layer.Memory.Gates;
        _gradient.Reserve(rows);
        _weight.BackwardAll(gates[0], gates.Stride, _zeros[0], _gradient, rows);
        _dropped.Backward(_gradient, rows);
    }

    /// <summary>
    /// Computes the gradients of the weight and of the embeddings, summed over rows, after <see cref="Backward"/> and
    /// <see cref="FusedLayer.Gradient"/> over the same rows.
    /// </summary>
    public void Gradient(FusedLayer layer, GradientRows rows, float* gradient)
    {
        _weight.Gradient(layer.GateGradient, _dropped.Values[0], _dropped.Values.Stride, rows, _zeros[0], gradient);
        foreach (var table in _tables)
        {
            if (rows.Sums == RowSums.Ascending)
                table.BackwardVectors(_gradient, rows, gradient);
            else
                table.BackwardPieceVectors(_gradient, rows.Count);
        }
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[_weight, _whole, _dropped, _gradient, _zeros])
            one.Dispose();
    }
}
