using System.Globalization;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Torch.Native;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Training.Torch;

/// <summary>A replica on libtorch: the GPU's engine, and the reference on a CPU.</summary>
/// <remarks>
/// Shape letters: T time steps of a segment, A active lanes, F features, H hidden units, R rows of a batch (time steps summed over lanes),
/// O outputs. Each recurrent layer is a separate module, because the dropout masks between layers are ours and not libtorch's.
/// </remarks>
public sealed class TorchReplica : IReplica
{
    private readonly ModelSpec _model;
    private readonly TorchLoss _loss;
    private readonly TorchNetwork _network;
    private readonly HiddenTransfer _hidden;
    private readonly HostTransfer _host;
    private readonly Device _device;
    private float[] _mask = [];

    /// <summary>Makes the network on a device, all parameters zero. Must be called on the trainer's thread.</summary>
    /// <param name="model">The model, every size known.</param>
    /// <param name="loss">What is summed.</param>
    /// <param name="device">The device to compute on.</param>
    /// <exception cref="NotSupportedException">libtorch does not compute a choice of the model or the loss.</exception>
    /// <exception cref="DeviceLostException">The GPU has failed.</exception>
    /// <exception cref="InsufficientMemoryException">The GPU has too little memory left.</exception>
    public TorchReplica(ModelSpec model, LossSpec loss, Device device)
    {
        if (model.Dropout.Weight > 0 || model.Dropout.Zones)
        {
            throw new NotSupportedException("dropout of weights and zoneout: libtorch runs a layer's time steps as a whole, with whole "
                + "weights; write engine: fused and device: cpu");
        }

        NativeBackend.Initialize();
        (_model, _loss, _device) = (model, new(loss), device);
        Layout = ParameterLayout.Of(model);
        Device = device.ToString();
        Arithmetic = TorchArithmetic.Of(device);
        try
        {
            _network = new(model, Layout, device);
        }
        catch (ExternalException problem) when (OfDevice(problem, "make a network", Parameters) is { } known)
        {
            throw known;
        }

        _host = new(device);
        _hidden = new(model, _host);
    }

    /// <inheritdoc/>
    public ParameterLayout Layout { get; }

    /// <inheritdoc/>
    public string Device { get; }

    /// <inheritdoc/>
    public string Engine => LibtorchEngine.EngineWord;

    /// <inheritdoc/>
    public string Arithmetic { get; }

    /// <inheritdoc/>
    public bool IsBoundToThread => true;

    /// <inheritdoc/>
    public void LoadParameters(ReadOnlySpan<float> parameters)
    {
        try
        {
            _host.Write(parameters, _network.Parameters);
        }
        catch (ExternalException problem) when (OfDevice(problem, "load parameters", Parameters) is { } known)
        {
            throw known;
        }
    }

    /// <inheritdoc/>
    public double ForwardBackward(
        ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> gradientSum)
    {
        using var scope = NewDisposeScope();
        hiddenAfter.Clear();
        try
        {
            _network.Gradient.zero_();
            double sum = 0;
            if (batch.Rows > 0 && LossSum(batch, dropout, hiddenBefore, hiddenAfter) is { } loss)
            {
                loss.backward();
                sum = loss.item<float>();
            }

            _host.Read(_network.Gradient, gradientSum);
            return sum;
        }
        catch (ExternalException problem) when (OfDevice(problem, "train on a chunk", Chunk(batch)) is { } known)
        {
            throw known;
        }
    }

    /// <inheritdoc/>
    public double Forward(
        ChunkBatch batch, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs, Span<int> largest)
    {
        // With gradients on, although nobody asks for them: without, libtorch takes oneDNN's LSTM for inference, whose results are off by
        // 0.1 to 2 % on processors with AVX-512 of AMD's Zen 5 (seen with libtorch 2.10.0). So training and evaluation use the very same
        // kernels.
        using var scope = NewDisposeScope();
        hiddenAfter.Clear();
        try
        {
            return batch.Rows == 0 ? 0 : LossSum(batch, DropoutMasks.None, hiddenBefore, hiddenAfter, outputs, largest)
                ?.item<float>() ?? 0;
        }
        catch (ExternalException problem) when (OfDevice(problem, "evaluate a chunk", Chunk(batch)) is { } known)
        {
            throw known;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();

    private string Parameters => string.Create(
        CultureInfo.InvariantCulture,
        $"the parameters of hidden {_model.HiddenSize} in {_model.Layers} layers and their gradient");

    private string Chunk(ChunkBatch batch) => string.Create(
        CultureInfo.InvariantCulture,
        $"{batch.ActiveLanes.Length} lanes × {batch.Steps} time steps × hidden {_model.HiddenSize} in {_model.Layers} layers");

    /// <summary>What a problem is that a GPU has; null where it has none.</summary>
    private Exception? OfDevice(ExternalException problem, string action, string what) => _device.type != TorchSharp.DeviceType.CUDA
        ? null : TorchProblem.Of(problem, Device, action, what, () => cuda.synchronize(_device));

    /// <summary>The loss sum; null where every target is masked. Copies the outputs where there is room for them.</summary>
    private Tensor? LossSum(
        ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs = default,
        Span<int> largest = default)
    {
        var top = Recur(batch, dropout, hiddenBefore, hiddenAfter);
        if (dropout.DropsOutputs)
            top = top * Mask(batch, _model.HiddenSize, mask => dropout.FillOutputs(batch, _model.Layers - 1, _model.HiddenSize, mask));
        var outputs_RO = _network.Head.call(top);
        if (!outputs.IsEmpty)
            _host.Read(outputs_RO, outputs);
        if (!largest.IsEmpty)
        {
            // As float32, which has every class of a table below 2²⁴ exactly.
            float[] numbers = new float[largest.Length];
            _host.Read(outputs_RO.argmax(1).to(ScalarType.Float32), numbers);
            for (int row = 0; row < numbers.Length; row++)
                largest[row] = (int)numbers[row];
        }

        var targets = _loss.OfClasses
            ? _host.ToDevice(batch.Classes, batch.Rows)
            : _host.ToDevice(batch.TargetValues, batch.Rows, batch.Shape.TargetFeatures);
        if (!batch.IsMasked)
            return _loss.Sum(outputs_RO, targets);
        return batch.Weight > 0 ? _loss.Sum(outputs_RO, targets, TargetMask.Of(batch), _host) : null;
    }

    /// <summary>Runs every layer over every segment, carrying h and c from segment to segment; returns the top layer's rows.</summary>
    private Tensor Recur(ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter)
    {
        var rows = Inputs(batch, dropout);
        int units = _model.LayerOutputs;
        for (int layer = 0; layer < _model.Layers; layer++)
        {
            int below = layer - 1;
            if (layer > 0 && dropout.DropsBetween)
                rows *= Mask(batch, units, mask => dropout.Fill(batch, below, units, mask));
            var given = _model.Bidirectional ? InBothDirections(batch, layer, rows)
                : Run(_network.Layers[layer], batch, layer, rows, hiddenBefore, hiddenAfter);
            if (_model.LayerNorm)
                given = _network.Norms[layer].call(given);
            rows = _model.Residual && layer > 0 ? given + rows : given;
        }

        return rows;
    }

    /// <summary>Runs a layer over every segment, carrying h and c from segment to segment; returns its rows.</summary>
    private Tensor Run(
        RecurrentLayer network, ChunkBatch batch, int layer, Tensor rows, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter)
    {
        var state = Start(batch, layer, _hidden.Load(batch, layer, hiddenBefore));
        var outputs = new List<Tensor>(batch.Segments.Length);
        foreach (var segment in batch.Segments)
        {
            var inputs_TAF = rows.narrow(0, segment.FirstRow, segment.Steps * segment.Lanes).view(segment.Steps, segment.Lanes, -1);
            (var outputs_TAH, state) = network.Run(inputs_TAF, state.Narrow(segment.Lanes));
            outputs.Add(outputs_TAH.view(-1, _model.HiddenSize));

            // Lanes that end with this segment leave their state behind here; those that continue overwrite it later.
            if (!hiddenAfter.IsEmpty)
                _hidden.Store(batch, layer, segment.Lanes, state, hiddenAfter);
        }

        return outputs.Count == 1 ? outputs[0] : cat(outputs, 0);
    }

    /// <summary>
    /// Runs both directions of a layer from states of zeros, one of them over the mirrored rows; no state is left behind.
    /// </summary>
    private Tensor InBothDirections(ChunkBatch batch, int layer, Tensor rows)
    {
        var mirrored = new int[batch.Rows];
        batch.Mirror(mirrored);
        var mirror = _host.ToDevice<long>([.. mirrored.Select(row => (long)row)], batch.Rows);
        float[] zeros = new float[Layout.HiddenPerLane * batch.Resets.Length];
        var own = Run(_network.Layers[2 * layer], batch, layer, rows, zeros, []);
        var other = Run(_network.Layers[(2 * layer) + 1], batch, layer, rows.index_select(0, mirror), zeros, []);
        return cat([own, other.index_select(0, mirror)], 1);
    }

    /// <summary>
    /// Lets the gradient flow from the state before the chunk to the learned one, where a sequence starts with it: adds their difference,
    /// which is 0.
    /// </summary>
    private LayerState Start(ChunkBatch batch, int layer, LayerState state)
    {
        if (!_model.LearnInitialState)
            return state;
        float[] starts = [.. batch.ActiveLanes.ToArray().Select(lane => batch.ChunkOf(lane).StartsSequence ? 1f : 0f)];
        var starts_A1 = _host.ToDevice<float>(starts, starts.Length, 1);
        return new(Linked(state.H, "h"), state.C is { } c ? Linked(c, "c") : null);

        Tensor Linked(Tensor state_1AH, string name)
        {
            var learned_H = _network.Initial[$"initial.{name}_l{layer}"];
            return state_1AH + (starts_A1 * (learned_H - learned_H.detach()));
        }
    }

    /// <summary>The values and the vectors of the embeddings next to each other.</summary>
    private Tensor Inputs(ChunkBatch batch, DropoutMasks dropout)
    {
        var parts = new List<Tensor>();
        if (batch.Shape.InputFeatures > 0)
            parts.Add(_host.ToDevice(batch.Values, batch.Rows, batch.Shape.InputFeatures));
        if (_network.Embeddings.Count > 0)
        {
            var classes_RC = _host.ToDevice(batch.Tokens, batch.Rows, _network.Embeddings.Count);
            parts.AddRange(_network.Embeddings.Select((embedding, column) =>
            {
                var vectors = embedding.call(classes_RC.select(1, column));
                return dropout.DropsVectors ? vectors * Mask(batch, 1, mask => OfVectors(batch, dropout, column, mask)) : vectors;
            }));
        }

        var rows = parts.Count == 1 ? parts[0] : cat(parts, 1);
        int width = (int)rows.size(1);
        return dropout.DropsInputs ? rows * Mask(batch, width, mask => dropout.FillInputs(batch, width, mask)) : rows;
    }

    private static void OfVectors(ChunkBatch batch, DropoutMasks dropout, int column, Span<float> mask)
    {
        for (int row = 0; row < mask.Length; row++)
            mask[row] = dropout.OfVector(column, (int)batch.Tokens[(row * batch.Shape.Codes) + column]);
    }

    private delegate void MaskFill(Span<float> mask);

    private Tensor Mask(ChunkBatch batch, int columns, MaskFill fill)
    {
        int needed = batch.Rows * columns;
        if (_mask.Length < needed)
            _mask = new float[needed];
        fill(_mask.AsSpan(0, needed));
        return _host.ToDevice<float>(_mask.AsSpan(0, needed), batch.Rows, columns);
    }
}
