using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>The recurrent layers of a bidirectional network, from a batch of whole sequences to what the head gets.</summary>
internal sealed unsafe class BidirectionalStack : IDisposable
{
    private readonly EmbeddingTable[] _tables;
    private readonly BidirectionalLayer[] _layers;
    private readonly MirroredRows _mirror = new();
    private readonly Rows _inputs;
    private readonly Rows _inputGradient;
    private readonly Rows[] _dropped;
    private readonly int _values;
    private float[] _mask = [];

    /// <summary>Makes the layers.</summary>
    /// <param name="team">Its threads.</param>
    /// <param name="model">The network.</param>
    /// <param name="layout">Its parameters.</param>
    /// <param name="tables">Its embeddings, which are loaded and disposed of by the caller.</param>
    public BidirectionalStack(Team team, ModelSpec model, ParameterLayout layout, EmbeddingTable[] tables)
    {
        (_tables, _values) = (tables, model.ValueInputs);
        _layers = [.. Enumerable.Range(0, model.Layers).Select(layer => new BidirectionalLayer(team, model, layout, layer))];
        int inputs = _values + model.Tables.Sum(table => table.Size);
        (_inputs, _inputGradient) = (new(inputs), new(inputs));
        _dropped = [.. _layers.Skip(1).Select(layer => new Rows(model.LayerOutputs))];
    }

    /// <summary>What the head gets of each row.</summary>
    public Rows Outputs => _layers[^1].Outputs;

    /// <summary>The gradient of <see cref="Outputs"/>, from which <see cref="Backward"/> begins.</summary>
    public Rows OutputGradient => _layers[^1].OutputGradient;

    /// <summary>Loads the parameters.</summary>
    public void Load(float* parameters)
    {
        for (int layer = 0; layer < _layers.Length; layer++)
            _layers[layer].Load(parameters, toInputs: layer > 0 || _tables.Length > 0);
    }

    /// <summary>Runs every layer over the sequences.</summary>
    /// <param name="batch">Whole sequences.</param>
    /// <param name="times">Their time steps.</param>
    /// <param name="dropout">The step's dropout masks.</param>
    /// <param name="backward">Whether gradients are needed.</param>
    public void Forward(ChunkBatch batch, Timetable times, DropoutMasks dropout, bool backward)
    {
        _mirror.Read(batch);
        _inputs.Reserve(batch.Rows);
        for (int row = 0; row < batch.Rows; row++)
            batch.Values.Slice(row * _values, _values).CopyTo(_inputs.Span(row));
        foreach (var table in _tables)
            table.CopyVectors(batch.Tokens, dropout, _inputs);
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            if (layer > 0 && dropout.DropsBetween)
                Drop(batch, dropout, layer);
            _layers[layer].Forward(InputsOf(layer, dropout), times, _mirror, backward);
        }
    }

    /// <summary>Computes the gradients of all parameters below the head, after <see cref="Forward"/>.</summary>
    public void Backward(ChunkBatch batch, Timetable times, DropoutMasks dropout, float* gradient)
    {
        for (int layer = _layers.Length - 1; layer > 0; layer--)
        {
            var below = _layers[layer - 1].OutputGradient;
            _layers[layer].Backward(InputsOf(layer, dropout), times, _mirror, below, gradient);
            if (dropout.DropsBetween)
                Multiply(batch, dropout, layer, below, below);
        }

        _inputGradient.Reserve(times.Rows);
        _layers[0].Backward(_inputs, times, _mirror, _tables.Length > 0 ? _inputGradient : null, gradient);
        foreach (var table in _tables)
            table.BackwardVectors(_inputGradient, times.All(RowSums.Ascending), gradient);
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[_inputs, _inputGradient, .. _layers, .. _dropped])
            one.Dispose();
    }

    private Rows InputsOf(int layer, DropoutMasks dropout) =>
        layer == 0 ? _inputs : dropout.DropsBetween ? _dropped[layer - 1] : _layers[layer - 1].Outputs;

    private void Drop(ChunkBatch batch, DropoutMasks dropout, int layer)
    {
        _dropped[layer - 1].Reserve(batch.Rows);
        Multiply(batch, dropout, layer, _layers[layer - 1].Outputs, _dropped[layer - 1]);
    }

    /// <summary>Multiplies rows by the mask of a layer's inputs, which is a hash, so that none is kept for the way back.</summary>
    private void Multiply(ChunkBatch batch, DropoutMasks dropout, int layer, Rows from, Rows to)
    {
        int units = to.Columns, needed = batch.Rows * units;
        if (_mask.Length < needed)
            _mask = new float[needed];
        dropout.Fill(batch, layer - 1, units, _mask);
        for (int row = 0; row < batch.Rows; row++)
            System.Numerics.Tensors.TensorPrimitives.Multiply(from.Span(row), _mask.AsSpan(row * units, units), to.Span(row));
    }
}
