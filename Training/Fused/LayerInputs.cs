using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>The inputs of a layer: the chunk's values, or the outputs of the layer below after dropout.</summary>
internal sealed unsafe class LayerInputs : IDisposable
{
    private readonly FusedLayer[] _layers;
    private readonly Rows _values;
    private readonly Rows[] _dropped;
    private readonly float[][] _masks;

    public LayerInputs(ModelSpec model, FusedLayer[] layers)
    {
        _layers = layers;
        _values = new(model.ValueInputs);
        _dropped = [.. layers.Skip(1).Select(_ => new Rows(model.HiddenSize))];
        _masks = [.. layers.Skip(1).Select(_ => Array.Empty<float>())];
    }

    /// <summary>Computes a layer's sums over inputs, biases included, into its gates.</summary>
    public void Forward(ChunkBatch batch, DropoutMasks dropout, int index)
    {
        var layer = _layers[index];
        if (index == 0)
            Read(batch);
        else if (dropout.IsActive)
            Drop(batch, dropout, index);
        float* inputs = Of(index, dropout.IsActive, out int stride);
        layer.Input.Forward(inputs, stride, layer.InputBias, 0, layer.Memory.Gates, 0, batch.Rows);
    }

    /// <summary>Computes the gradients of a layer's input weight and of the outputs of the layer below from that of its sums.</summary>
    public void Backward(bool dropped, int index, int rows, RowSums sums, float* gradient)
    {
        var layer = _layers[index];
        float* inputs = Of(index, dropped, out int stride);
        layer.InputGradient(inputs, stride, rows, sums, gradient);
        if (index == 0)
            return;
        var below = _layers[index - 1].Memory.OutputGradient;
        layer.ToInputs(layer.Memory.Gates, below, rows);
        if (dropped)
            Mask(index, below[0], below.Stride, below, rows);
    }

    public void Dispose()
    {
        _values.Dispose();
        foreach (var rows in _dropped)
            rows.Dispose();
    }

    private float* Of(int index, bool dropped, out int stride)
    {
        var memory = index == 0 ? null : _layers[index - 1].Memory;
        var rows = index == 0 ? _values : dropped ? _dropped[index - 1] : memory!.Hidden;
        stride = rows.Stride;
        return rows[index == 0 || dropped ? 0 : memory!.Lanes];
    }

    private void Read(ChunkBatch batch)
    {
        _values.Reserve(batch.Rows);
        int width = _values.Columns;
        for (int row = 0; row < batch.Rows; row++)
            batch.Values.Slice(row * width, width).CopyTo(_values.Span(row));
    }

    private void Drop(ChunkBatch batch, DropoutMasks dropout, int index)
    {
        var dropped = _dropped[index - 1];
        int units = dropped.Columns, needed = batch.Rows * units;
        ref float[] mask = ref _masks[index - 1];
        if (mask.Length < needed)
            mask = new float[needed];
        dropout.Fill(batch, index - 1, units, mask);
        dropped.Reserve(batch.Rows);
        var below = _layers[index - 1].Memory;
        Mask(index, below.Hidden[below.Lanes], below.Hidden.Stride, dropped, batch.Rows);
    }

    private void Mask(int index, float* from, int fromStride, Rows to, int rows)
    {
        int units = to.Columns;
        fixed (float* mask = _masks[index - 1])
        {
            for (int row = 0; row < rows; row++)
                Elementwise.Run(new MultiplyWork(from + (long)row * fromStride, mask + (long)row * units, to[row]), units);
        }
    }

    private readonly struct MultiplyWork(float* left, float* right, float* to) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(T.Load(left + at) * T.Load(right + at), to + at);
    }
}
