using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// A replica on a CPU without libtorch: the project's own SIMD kernels compute matrix products, gates, loss and their gradients. Every sum
/// has a fixed order and every operation is exactly rounded, so that its bits are the same on every processor.
/// </summary>
/// <remarks>Its buffers grow to the largest chunk so far; a step allocates no managed memory. Not thread-safe.</remarks>
public sealed unsafe partial class FusedReplica : IPieceReplica
{
    /// <summary>The engine's word.</summary>
    public const string EngineWord = "fused";

    private readonly Team _team;
    private readonly Loss _loss;
    private float[] _scratch = [];
    private readonly Timetable _times = new();
    private readonly EmbeddingTable[] _tables;
    private readonly FusedLayer[] _layers;
    private readonly LayerInputs _inputs;
    private readonly DroppedInputs? _droppedInputs;
    private readonly MaskedRows _droppedOutputs;
    private readonly HiddenRows _hidden;
    private readonly BidirectionalStack? _both;
    private readonly FusedHead _head;
    private readonly LearnedStart? _start;
    private readonly ModelSpec _model;
    private readonly int _values;
    private readonly int _outputsPerTarget;
    private bool _isLoaded;
    private bool _isDisposed;

    /// <summary>Creates a replica of a model whose sizes are all known.</summary>
    /// <param name="model">The network.</param>
    /// <param name="loss">The loss to minimise.</param>
    /// <param name="threads">
    /// Threads that compute at the same time, the caller's included; the others are its own. How many there are changes no bit. Default 1.
    /// </param>
    public FusedReplica(ModelSpec model, LossSpec loss, int threads = 1)
        : this(model, loss, threads == 1 ? Team.Alone : new(threads))
    {
    }

    /// <summary>Creates a replica with its threads, which it owns.</summary>
    internal FusedReplica(ModelSpec model, LossSpec loss, Team team)
    {
        (_model, _loss, _team) = (model, (Loss)loss, team);
        Layout = ParameterLayout.Of(model);
        _layers = model.Bidirectional ? []
            : [.. Enumerable.Range(0, model.Layers).Select(layer => new FusedLayer(_team, model, Layout, layer))];
        _progress = new int[_layers.Length];
        (_values, _outputsPerTarget) = (model.ValueInputs, loss.OutputsPerTarget);
        _tables = Tables(_team, model, Layout);
        _inputs = new(model, _layers);
        _hidden = new(model, _layers);
        _head = new(_team, Layout);
        _start = LearnedStart.Of(model, Layout);
        _droppedInputs = model.Dropout.Input > 0 ? new(_team, model, Layout, _tables) : null;
        _droppedOutputs = new(model.LayerOutputs);
        _both = model.Bidirectional ? new(_team, model, Layout, _tables) : null;
    }

    /// <inheritdoc/>
    public ParameterLayout Layout { get; }

    /// <inheritdoc/>
    public string Device => DeviceName.Cpu.Text;

    /// <inheritdoc/>
    public string Engine => EngineWord;

    /// <inheritdoc/>
    public bool IsBoundToThread => false;

    /// <inheritdoc/>
    public void LoadParameters(ReadOnlySpan<float> parameters)
    {
        EnsureUsable(parameters.Length, "parameters", Layout.Length);
        fixed (float* values = parameters)
        {
            foreach (var table in _tables)
                table.Load(values);
            for (int layer = 0; layer < _layers.Length; layer++)
                _layers[layer].Load(values, toInputs: layer > 0);
            _both?.Load(values);
            _head.Load(values);
            _droppedInputs?.Load(values);
        }

        _isLoaded = true;
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public double ForwardBackward(
        ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> gradientSum)
    {
        EnsureUsable(gradientSum.Length, "the gradient", Layout.Length);
        EnsureFits(batch);
        hiddenAfter.Clear();
        if (batch.Rows == 0)
        {
            gradientSum.Clear();
            return 0;
        }

        Recur(batch, dropout, hiddenBefore, hiddenAfter, Pass.Chunk);
        Outputs(batch, dropout);
        double loss = _loss.Sum(_team, _head.Outputs, batch, ref _scratch);
        foreach (var layer in _layers)
            layer.Memory.BeginBackward(_times);
        fixed (float* gradient = gradientSum)
        {
            if (_both is not null)
                BackwardBoth(batch, dropout, gradient);
            else
                Backward(batch, dropout, RowSums.Ascending, gradient);
        }

        // Kernels hold raw addresses only: their owners must not be finalised meanwhile.
        GC.KeepAlive(this);
        return loss;
    }

    /// <inheritdoc/>
    public double Forward(ChunkBatch batch, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs) =>
        Forward(batch, hiddenBefore, hiddenAfter, outputs, []);

    /// <inheritdoc/>
    public double Forward(
        ChunkBatch batch, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs, Span<int> largest)
    {
        Predict(batch, hiddenBefore, hiddenAfter, outputs);
        if (batch.Rows == 0)
            return 0;
        for (int row = 0; row < largest.Length; row++)
            largest[row] = Largest.Of(_head.Outputs.Span(row));

        // It puts its gradient in the outputs' place.
        double loss = _loss.Sum(_team, _head.Outputs, batch, ref _scratch);
        GC.KeepAlive(this);
        return loss;
    }

    /// <summary>Runs a chunk forward, as an evaluation does, without the loss.</summary>
    internal void Predict(ChunkBatch batch, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs)
    {
        EnsureFits(batch);
        hiddenAfter.Clear();
        if (batch.Rows == 0)
            return;
        Recur(batch, DropoutMasks.None, hiddenBefore, hiddenAfter, Pass.Forward);
        Outputs(batch, DropoutMasks.None);
        CopyOutputs(batch.Rows, outputs);
        GC.KeepAlive(this);
    }

    private void CopyOutputs(int rows, Span<float> outputs)
    {
        int columns = _head.Outputs.Columns;
        for (int row = 0; row < rows && !outputs.IsEmpty; row++)
            _head.Outputs.Span(row).CopyTo(outputs[(row * columns)..]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        foreach (var layer in _layers)
            layer.Dispose();
        foreach (var table in _tables)
            table.Dispose();
        _inputs.Dispose();
        _droppedInputs?.Dispose();
        _droppedOutputs.Dispose();
        _both?.Dispose();
        _head.Dispose();
        DisposeOfShards();
        _team.Dispose();
    }

    private void EnsureUsable(int length, string what, int expected)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (length != expected)
            throw new ArgumentException($"{what}: {length} numbers, expected {expected}");
    }

    private void EnsureFits(ChunkBatch batch)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_isLoaded)
            throw new InvalidOperationException("no parameters have been loaded");
        var shape = batch.Shape;
        bool fits = shape.HasTokens == _model.Embedding is not null && shape.Codes == _tables.Length && shape.InputFeatures == _values
            && _loss.OfClasses == shape.HasClasses && (shape.HasClasses || shape.TargetFeatures * _outputsPerTarget == _model.OutputSize);
        if (!fits)
            throw new ArgumentException($"the batch holds {shape}, which does not fit the model with loss {_loss.Word}", nameof(batch));
    }

    /// <summary>Computes the gradient of every parameter of a bidirectional network from those of the head's outputs.</summary>
    private void BackwardBoth(ChunkBatch batch, DropoutMasks dropout, float* gradient)
    {
        var (top, ofTop) = (_both!.Outputs, _both.OutputGradient);
        _head.Backward(top[0], top.Stride, ofTop, _times.Rows, RowSums.Ascending, gradient);
        _both.Backward(batch, _times, dropout, gradient);
    }

    /// <summary>What a run over a chunk is for.</summary>
    private enum Pass
    {
        /// <summary>Outputs or hidden state alone.</summary>
        Forward,

        /// <summary>Gradients, too, which end at the chunk's start.</summary>
        Chunk,

        /// <summary>Gradients of a piece, with that of the state after it and of the state before it.</summary>
        Piece,
    }

    /// <summary>The embeddings, whose vectors are the last of the first layer's inputs, in their order.</summary>
    private static EmbeddingTable[] Tables(Team team, ModelSpec model, ParameterLayout layout)
    {
        IReadOnlyList<EmbeddingShape> shapes = model.Tables;
        var tables = new EmbeddingTable[shapes.Count];
        for (int i = 0, first = model.ValueInputs; i < tables.Length; first += shapes[i++].Size)
            tables[i] = new(team, layout, shapes, i, first);
        return tables;
    }
}
