using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Kernels;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>The layers and the head on a device, forward and backward, in the order of the fused engine's replica.</summary>
internal sealed partial class GpuNetwork : IDisposable
{
    private readonly Launcher _launcher;
    private readonly ModelSpec _model;
    private readonly GpuLayer[] _layers;
    private readonly GpuTable[] _tables;
    private readonly GpuDropout _dropout;
    private readonly GpuStart? _start;
    private readonly GpuBidirectional? _both;
    private readonly GpuTimes _times;
    private readonly BatchInbound _batch;
    private readonly BatchPart _values;
    private readonly DeviceBuffer _inputGradient;
    private readonly DeviceBuffer _outputs;
    private readonly DeviceBuffer _gradients;
    private readonly ParameterLayout _layout;
    private readonly int _partSteps;

    /// <summary>Makes the network.</summary>
    /// <param name="device">Has the memory.</param>
    /// <param name="launcher">What is to be done goes there.</param>
    /// <param name="inbound">What a chunk brings goes there, before its commands.</param>
    /// <param name="batch">What a chunk's batch alone says goes there.</param>
    /// <param name="model">The network.</param>
    /// <param name="layout">Its parameters.</param>
    /// <param name="partSteps">Time steps of a part of a wave over the layers, at least.</param>
    /// <param name="cores">Which products tensor cores compute; null for none.</param>
    public GpuNetwork(
        IAccelerator device, Launcher launcher, Inbound inbound, BatchInbound batch, ModelSpec model, ParameterLayout layout,
        int partSteps, TensorCores? cores)
    {
        (_model, _launcher, _layout, _partSteps, _gradients, _batch) = (model, launcher, layout, partSteps, new(device), batch);
        (Parameters, Gradients) = (new(layout), new(layout));
        var shared = new GpuResources(device, _launcher, inbound, batch, Parameters, Gradients);
        var kernels = new SweepKernels((RecurrentCell)model.Cell, model.HiddenSize, ZonedState.Of(model.Dropout));
        device.Prepare(KernelsOf(kernels, cores));
        _layers = model.Bidirectional ? [] : [.. Enumerable.Range(0, model.Layers)
            .Select(layer => new GpuLayer(shared, kernels, model, layer))];
        _start = GpuStart.Of(shared, model, layout);
        _tables = new GpuTable[model.Tables.Count];
        for (int i = 0, first = model.ValueInputs; i < _tables.Length; first += model.Tables[i++].Size)
            _tables[i] = new(shared, model, layout, i, first);
        (_dropout, _times, _values, _inputGradient, _outputs) =
            (new(device, _launcher, inbound, model), new(inbound), new(batch), new(device), new(device));
        _both = model.Bidirectional
            ? new(shared, kernels, model, _dropout, _tables) : null;
    }

    /// <summary>The parameters, from where they were loaded to.</summary>
    public GpuParameters Parameters { get; }

    /// <summary>Their gradient.</summary>
    public GpuParameters Gradients { get; }

    /// <summary>The layers of a network in one direction.</summary>
    public IReadOnlyList<GpuLayer> Layers => _layers;

    /// <summary>The chunk's time steps.</summary>
    public GpuTimes Times => _times;

    /// <summary>The head's outputs of each row, without gaps between them; the loss replaces them by their gradient.</summary>
    public DeviceRows OutputRows => new(_outputs.Address, HeadWeight.Outputs);

    private DeviceWeight HeadWeight => Parameters.Weight(_layout.Head);

    /// <summary>Every kernel that a network with these sweeps may launch.</summary>
    /// <param name="sweeps">Those of its cell.</param>
    /// <param name="cores">Which products tensor cores compute; none where it is left out.</param>
    public static IReadOnlyList<KernelCode> KernelsOf(SweepKernels sweeps, TensorCores? cores = null) =>
    [
        .. ProductKernel.All.All, .. RowKernels.All, NormKernels.Forward, NormKernels.Backward, .. sweeps.All, .. cores?.Products.All ?? [],
    ];

    /// <summary>Prepares what is made of new parameters, and makes room for their gradient.</summary>
    public void LoadBiases()
    {
        // Now, so that what is free for chunks is known.
        Gradients.Start = _gradients.Reserve(_layout.Length).Address;
        foreach (var layer in _layers)
            layer.LoadBiases();
        _both?.LoadBiases();
    }

    /// <summary>Packs a batch's inputs.</summary>
    public void Pack(ChunkBatch batch)
    {
        _values.Load(batch.Values);
        foreach (var table in _tables)
            table.Pack(batch.Tokens);
    }

    /// <summary>Packs a chunk and makes room for it; its initial state is then to be put into the histories.</summary>
    public void Begin(ChunkBatch batch, DropoutMasks dropout)
    {
        _times.Load(batch);
        if (!_batch.IsAhead)
            Pack(batch);
        _dropout.Begin(batch, dropout);
        foreach (var table in _tables)
            table.Begin(dropout);
        foreach (var layer in _layers)
            layer.Begin(_times, batch, dropout);
        _both?.Begin(_times, batch, dropout);
        _start?.Begin(batch);
    }

    /// <summary>Runs a chunk forward to the head's outputs.</summary>
    public void Forward(DropoutMasks dropout)
    {
        int rows = _times.Rows;
        if (_both is not null)
            _both.Forward(Values, _times, dropout);
        else
            ForwardLayers(dropout);
        if (dropout.DropsOutputs && _both is null)
            _dropout.Outputs(_layers[^1].Outputs(_times), rows);
        _outputs.Reserve((long)rows * HeadWeight.Outputs);
        _launcher.Forward(Top(dropout), HeadWeight, Parameters.Bias("head.bias"), 0, OutputRows, rows);
    }

    /// <summary>
    /// Computes the gradient of every parameter from that of the head's outputs. What is summed over rows is aside: no layer waits for it.
    /// </summary>
    public void Backward(DropoutMasks dropout)
    {
        int rows = _times.Rows;
        _launcher.Backward(OutputRows, HeadWeight, _both?.OutputGradient ?? _layers[^1].OutputGradient, rows);
        _launcher.Aside(() =>
        {
            _launcher.Gradient(OutputRows, Top(dropout), 0, Gradients.Weight(_layout.Head), rows);
            _launcher.Sum(OutputRows, Gradients.Bias("head.bias"), rows, HeadWeight.Outputs);
        });
        if (_both is not null)
        {
            _both.Backward(_times, dropout);
            return;
        }

        if (dropout.DropsOutputs)
            _dropout.OutputsBack(_layers[^1].OutputGradient, rows);
        BackwardLayers(dropout);
    }

    /// <summary>Copies a state after each active lane's last time step.</summary>
    public void CopyLast(int layer, int state, nint to)
    {
        var history = _layers[layer].History(state);
        _launcher.Copy(history, _times.Last, new(to, history.Stride), 0, 0, adds: false, _times.Lanes, history.Stride);
    }

    /// <summary>Gives back all memory; the next parameters and the next chunk take what they need.</summary>
    public void Dispose()
    {
        ReleaseChunk();
        foreach (var layer in _layers)
            layer.Dispose();
        _both?.Dispose();
        _gradients.Dispose();
    }

    /// <summary>Gives back the memory of chunks; the next one takes what it needs.</summary>
    public void ReleaseChunk()
    {
        foreach (var layer in _layers)
            layer.ReleaseChunk();
        _both?.ReleaseChunk();
        foreach (IDisposable one in (IDisposable[])[.. _tables, _dropout, _inputGradient, _outputs])
            one.Dispose();
    }

    private DeviceWeight InputWeight(int layer) => Parameters.Weight($"rnn.weight_ih_l{layer}");

    private DeviceRows Inputs(int layer, DropoutMasks dropout) =>
        dropout.DropsBetween ? _dropout.Dropped(layer - 1) : _layers[layer - 1].Outputs(_times);

    private DeviceRows Top(DropoutMasks dropout) =>
        _both is not null ? _both.Outputs : dropout.DropsOutputs ? _dropout.DroppedOutputs : _layers[^1].Outputs(_times);

    /// <summary>Computes the first layer's sums over values and vectors, biases included.</summary>
    private void SumInputs(DropoutMasks dropout)
    {
        var (layer, rows) = (_layers[0], _times.Rows);
        foreach (var table in _tables)
            table.LookUp();
        if (dropout.DropsInputs)
        {
            var whole = _dropout.WholeInputs(rows);
            if (_model.ValueInputs > 0)
                _launcher.Copy(Values, 0, whole, 0, 0, adds: false, rows, _model.ValueInputs);
            foreach (var table in _tables)
                table.CopyVectors(whole, rows);
            _launcher.Forward(_dropout.Inputs(rows), InputWeight(0), layer.InputBias, 0, layer.Gates, rows);
            return;
        }

        if (_model.ValueInputs > 0)
        {
            _launcher.Forward(
                Values, Parameters.Weight("rnn.weight_ih_l0", 0, _model.ValueInputs), layer.InputBias, 0, layer.Gates, rows);
        }

        for (int i = 0; i < _tables.Length; i++)
            _tables[i].Forward(_model.ValueInputs + i > 0 ? 0 : layer.InputBias, layer.Gates, rows);
    }

    private DeviceRows Values => new(_values.Address, _model.ValueInputs);

    /// <summary>The gradients of the first layer's input weight and of the embeddings.</summary>
    private void InputGradient(DropoutMasks dropout)
    {
        var (layer, rows) = (_layers[0], _times.Rows);
        if (!dropout.DropsInputs)
        {
            if (_model.ValueInputs > 0)
            {
                _launcher.Gradient(
                    layer.Gates, Values, 0, Gradients.Weight("rnn.weight_ih_l0", 0, _model.ValueInputs),
                    rows);
            }

            foreach (var table in _tables)
                table.Gradient(layer.Gates);
            return;
        }

        _launcher.Gradient(layer.Gates, _dropout.DroppedInputs, 0, Gradients.Weight("rnn.weight_ih_l0"), rows);
        if (_tables.Length == 0)
            return;
        var gradient = new DeviceRows(
            _inputGradient.Reserve((long)rows * InputWeight(0).Inputs).Address, InputWeight(0).Inputs);
        _launcher.Backward(layer.Gates, InputWeight(0), gradient, rows);
        _dropout.InputsBack(gradient, rows);
        foreach (var table in _tables)
            table.VectorGradient(gradient);
    }
}
