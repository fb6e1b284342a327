using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>The inputs of a layer: the chunk's values, or the outputs of the layer below after dropout.</summary>
internal sealed unsafe class LayerInputs : IDisposable
{
    private readonly FusedLayer[] _layers;
    private readonly Rows _values;
    private readonly MaskedRows[] _dropped;

    public LayerInputs(ModelSpec model, FusedLayer[] layers)
    {
        _layers = layers;
        _values = new(model.ValueInputs);
        _dropped = [.. layers.Skip(1).Select(_ => new MaskedRows(model.LayerOutputs))];
    }

    /// <summary>Prepares the inputs of the first layer, or what is dropped of those of another one.</summary>
    public void Begin(ChunkBatch batch, DropoutMasks dropout, int index)
    {
        if (index == 0)
            Read(batch);
        else if (dropout.DropsBetween)
            dropout.Fill(batch, index - 1, _dropped[index - 1].Values.Columns, _dropped[index - 1].Mask(batch.Rows));
    }

    /// <summary>Computes a layer's sums over inputs, biases included, into its gates, after <see cref="Begin"/>.</summary>
    public void Forward(bool dropped, int index, int rows)
    {
        var layer = _layers[index];
        float* inputs = Drop(dropped, index, 0, rows, out int stride);
        layer.Input.ForwardAll(inputs, stride, layer.InputBias, layer.Memory.Gates, rows);
    }

    /// <summary>The same for some rows, on the calling thread.</summary>
    public void Forward(bool dropped, int index, int first, int rows)
    {
        var layer = _layers[index];
        float* inputs = Drop(dropped, index, first, rows, out int stride);
        layer.Input.Forward(inputs + ((long)first * stride), stride, layer.InputBias, 0, layer.Memory.Gates, first, rows);
    }

    /// <summary>Computes the gradient of a layer's input weight, summed over rows, from that of its sums.</summary>
    public void Gradient(bool dropped, int index, GradientRows rows, float* gradient)
    {
        float* inputs = Of(index, dropped, out int stride);
        _layers[index].InputGradient(inputs, stride, rows, gradient);
    }

    /// <summary>Computes the gradient of the outputs of the layer below a layer from that of its sums.</summary>
    public void Backward(bool dropped, int index, int rows)
    {
        _layers[index].ToInputs(_layers[index - 1].Memory.OutputGradient, rows);
        Finish(dropped, index, 0, rows);
    }

    /// <summary>The same for some rows, on the calling thread.</summary>
    public void Backward(bool dropped, int index, int first, int rows)
    {
        _layers[index].ToInputs(_layers[index - 1].Memory.OutputGradient, first, rows);
        Finish(dropped, index, first, rows);
    }

    public void Dispose()
    {
        _values.Dispose();
        foreach (var rows in _dropped)
            rows.Dispose();
    }

    /// <summary>The inputs of a layer, of the first those that are values, the chunk's first row first.</summary>
    public float* Of(int index, bool dropped, out int stride)
    {
        if (index > 0 && !dropped)
            return _layers[index - 1].Outputs(out stride);
        var rows = index == 0 ? _values : _dropped[index - 1].Values;
        stride = rows.Stride;
        return rows[0];
    }

    private void Read(ChunkBatch batch)
    {
        _values.Reserve(batch.Rows);
        int width = _values.Columns;
        for (int row = 0; row < batch.Rows; row++)
            batch.Values.Slice(row * width, width).CopyTo(_values.Span(row));
    }

    private float* Drop(bool dropped, int index, int first, int rows, out int stride)
    {
        if (index > 0 && dropped)
            _dropped[index - 1].Multiply(_layers[index - 1].Outputs(out int whole), whole, first, rows);
        return Of(index, dropped, out stride);
    }

    private void Finish(bool dropped, int index, int first, int rows)
    {
        var below = _layers[index - 1].Memory.OutputGradient;
        _layers[index].AddResidual(below, first, rows);
        if (dropped)
            _dropped[index - 1].Backward(below, first, rows);
    }
}
