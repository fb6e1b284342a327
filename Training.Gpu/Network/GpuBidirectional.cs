using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Gpu.Kernels;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>
/// The recurrent layers of a bidirectional network on a device, from a batch of whole sequences to what the head gets: the fused engine's
/// <c>BidirectionalStack</c>. Of each layer one direction gets the rows as they are, the other one mirrored.
/// </summary>
internal sealed class GpuBidirectional : IDisposable
{
    private readonly Launcher _launcher;
    private readonly ModelSpec _model;
    private readonly GpuDropout _dropout;
    private readonly IReadOnlyList<GpuTable> _tables;
    private readonly Direction[] _forward;
    private readonly Direction[] _reverse;
    private readonly DeviceBuffer[] _mirrored;
    private readonly DeviceBuffer[] _outputs;
    private readonly DeviceBuffer[] _gradients;
    private readonly DeviceBuffer _inputs;
    private readonly DeviceBuffer _inputGradient;
    private readonly DeviceBuffer _reverseGradient;
    private readonly InboundPart _mirror;

    public GpuBidirectional(
        GpuResources shared, SweepKernels kernels, ModelSpec model, GpuDropout dropout, IReadOnlyList<GpuTable> tables)
    {
        var device = shared.Device;
        (_launcher, _model, _dropout, _tables, _mirror) = (shared.Launcher, model, dropout, tables, new(shared.Inbound));
        _forward = Directions("");
        _reverse = Directions(ParameterLayout.Reverse);
        (_mirrored, _outputs, _gradients) = (Buffers(), Buffers(), Buffers());
        (_inputs, _inputGradient, _reverseGradient) = (new(device), new(device), new(device));

        DeviceBuffer[] Buffers() => [.. Enumerable.Range(0, model.Layers).Select(_ => new DeviceBuffer(device))];

        Direction[] Directions(string suffix) =>
        [
            .. Enumerable.Range(0, model.Layers).Select(layer => new Direction(
                new(shared, kernels, model, layer, suffix), shared.Parameters, shared.Gradients, $"rnn.weight_ih_l{layer}{suffix}")),
        ];
    }

    /// <summary>What the head gets of each row.</summary>
    public DeviceRows Outputs => new(_outputs[^1].Address, _model.LayerOutputs);

    /// <summary>The gradient of <see cref="Outputs"/>, from which <see cref="Backward(GpuTimes, DropoutMasks)"/> begins.</summary>
    public DeviceRows OutputGradient => GradientOf(_model.Layers - 1);

    private int Inputs => _forward[0].Weight.Inputs;

    /// <summary>Numbers of 32 bits that a chunk needs besides those of the layers of one direction.</summary>
    public static long Numbers(ModelSpec model, long lanes, long rows)
    {
        long inputs = model.ValueInputs + model.Tables.Sum(table => table.Size), outputs = model.LayerOutputs, below = model.Layers - 1;
        long ofRow = (2 * inputs) + (below * outputs) + (2 * model.Layers * outputs) + 1;
        ofRow += (model.Tables.Count > 0 ? inputs : 0) + ReverseNumbers(model);
        return (rows * ofRow) + (model.Layers * GpuLayer.Numbers(model, lanes, rows));
    }

    /// <summary>Prepares the biases, after new parameters.</summary>
    public void LoadBiases()
    {
        foreach (var one in (Direction[])[.. _forward, .. _reverse])
            one.Layer.LoadBiases();
    }

    /// <summary>Makes room for a chunk, and packs how its rows are mirrored.</summary>
    public void Begin(GpuTimes times, ChunkBatch batch, DropoutMasks dropout)
    {
        batch.Mirror(_mirror.Room<int>(batch.Rows));
        long rows = batch.Rows;
        _inputs.Reserve(rows * Inputs);
        _reverseGradient.Reserve(rows * ReverseNumbers(_model));
        for (int layer = 0; layer < _model.Layers; layer++)
        {
            foreach (var one in (Direction[])[_forward[layer], _reverse[layer]])
                one.Layer.Begin(times, batch, dropout);
            _mirrored[layer].Reserve(rows * _forward[layer].Weight.Inputs);
            _outputs[layer].Reserve(rows * _model.LayerOutputs);
            _gradients[layer].Reserve(rows * _model.LayerOutputs);
        }
    }

    /// <summary>Runs every layer over the sequences.</summary>
    /// <param name="values">Inputs that are values.</param>
    /// <param name="times">The time steps.</param>
    /// <param name="dropout">The step's dropout masks.</param>
    public void Forward(DeviceRows values, GpuTimes times, DropoutMasks dropout)
    {
        int rows = times.Rows, units = _model.HiddenSize;
        if (_model.ValueInputs > 0)
            _launcher.Copy(values, 0, new(_inputs.Address, Inputs), 0, 0, adds: false, rows, _model.ValueInputs);
        foreach (var table in _tables)
        {
            table.LookUp();
            table.CopyVectors(new(_inputs.Address, Inputs), rows);
        }

        for (int layer = 0; layer < _model.Layers; layer++)
        {
            if (layer > 0 && dropout.DropsBetween)
                _dropout.Between(layer - 1, OutputsOf(layer - 1), 0, rows);
            DeviceRows inputs = InputsOf(layer, dropout), mirrored = MirroredOf(layer), outputs = OutputsOf(layer);
            _launcher.Copy(inputs, _mirror.Address, mirrored, 0, 0, adds: false, rows, inputs.Stride);
            Both(
                _forward[layer].Layer.WaitsForGrid(times), () => Forward(_forward[layer], inputs, times),
                () => Forward(_reverse[layer], mirrored, times));
            _launcher.Copy(_forward[layer].Layer.Outputs(times), 0, outputs, 0, 0, adds: false, rows, units);
            _launcher.Copy(
                _reverse[layer].Layer.Outputs(times), _mirror.Address, outputs.Without(units), 0, 0, adds: false, rows, units);
        }
    }

    /// <summary>Computes the gradients of all parameters below the head.</summary>
    public void Backward(GpuTimes times, DropoutMasks dropout)
    {
        int rows = times.Rows;
        for (int layer = _model.Layers - 1; layer > 0; layer--)
        {
            var below = GradientOf(layer - 1);
            Backward(layer, times, dropout);
            ToInputs(layer, below, rows);
            if (dropout.DropsBetween)
                _dropout.BetweenBack(layer - 1, below, 0, rows);
        }

        Backward(0, times, dropout);
        if (_tables.Count == 0)
            return;
        var gradient = new DeviceRows(_inputGradient.Reserve((long)rows * Inputs).Address, Inputs);
        ToInputs(0, gradient, rows);
        _launcher.Aside(() =>
        {
            foreach (var table in _tables)
                table.VectorGradient(gradient);
        });
    }

    /// <summary>Gives back the memory of chunks.</summary>
    public void ReleaseChunk()
    {
        foreach (var one in (Direction[])[.. _forward, .. _reverse])
            one.Layer.ReleaseChunk();
        DeviceBuffer[] own = [_inputs, _inputGradient, _reverseGradient];
        foreach (var buffer in (DeviceBuffer[])[.. own, .. _mirrored, .. _outputs, .. _gradients])
            buffer.Dispose();
    }

    public void Dispose()
    {
        ReleaseChunk();
        foreach (var one in (Direction[])[.. _forward, .. _reverse])
            one.Layer.Dispose();
    }

    private DeviceRows OutputsOf(int layer) => new(_outputs[layer].Address, _model.LayerOutputs);

    private DeviceRows GradientOf(int layer) => new(_gradients[layer].Address, _model.LayerOutputs);

    private DeviceRows MirroredOf(int layer) => new(_mirrored[layer].Address, _forward[layer].Weight.Inputs);

    private DeviceRows InputsOf(int layer, DropoutMasks dropout) => layer == 0 ? new(_inputs.Address, Inputs)
        : dropout.DropsBetween ? _dropout.Dropped(layer - 1) : OutputsOf(layer - 1);

    /// <summary>Runs both directions, at once unless their blocks wait for each other.</summary>
    private void Both(bool waitsForGrid, Action forward, Action reverse)
    {
        int branch = Launcher.BranchOf(waitsForGrid ? 0 : 1);
        _launcher.Continue(branch, behind: 0);
        reverse();
        _launcher.Continue(0, behind: 0);
        forward();
        if (!waitsForGrid)
            _launcher.Continue(0, behind: branch);
    }

    /// <summary>Runs one direction from a state of zeros.</summary>
    private void Forward(Direction one, DeviceRows inputs, GpuTimes times)
    {
        for (int state = 0; state < _model.Cell.States; state++)
            _launcher.Clear(one.Layer.History(state).Start, (long)times.Lanes * _model.HiddenSize);
        _launcher.Forward(inputs, one.Weight, one.Layer.InputBias, 0, one.Layer.Gates, times.Rows);
        one.Layer.Forward(times, times.Whole, inputs);
    }

    /// <summary>Computes the gradients of a layer's parameters from that of its outputs.</summary>
    private void Backward(int layer, GpuTimes times, DropoutMasks dropout)
    {
        int rows = times.Rows, units = _model.HiddenSize;
        var (forward, reverse, gradient) = (_forward[layer], _reverse[layer], GradientOf(layer));
        _launcher.Copy(gradient, 0, forward.Layer.OutputGradient, 0, 0, adds: false, rows, units);
        _launcher.Copy(gradient.Without(units), 0, reverse.Layer.OutputGradient, _mirror.Address, 0, adds: false, rows, units);
        Both(
            forward.Layer.WaitsForGrid(times), () => Backward(forward, InputsOf(layer, dropout), times),
            () => Backward(reverse, MirroredOf(layer), times));
    }

    private void Backward(Direction one, DeviceRows inputs, GpuTimes times)
    {
        one.Layer.BeginBackward(times, reachesStart: false);
        one.Layer.Backward(times, times.Whole, reachesStart: false);
        _launcher.Aside(() =>
        {
            one.Layer.Gradient(times);
            _launcher.Gradient(one.Layer.Gates, inputs, 0, one.Gradient, times.Rows);
        });
    }

    /// <summary>Computes the gradient of a layer's inputs: that of the one direction, and that of the other one added to it.</summary>
    private void ToInputs(int layer, DeviceRows gradient, int rows)
    {
        var (forward, reverse) = (_forward[layer], _reverse[layer]);
        var mirrored = new DeviceRows(_reverseGradient.Address, gradient.Stride);
        _launcher.Backward(forward.Layer.Gates, forward.Weight, gradient, rows);
        _launcher.Backward(reverse.Layer.Gates, reverse.Weight, mirrored, rows);
        _launcher.Add(mirrored, _mirror.Address, gradient, rows, gradient.Stride);
    }

    /// <summary>Numbers of a row of the largest inputs whose gradient is wanted.</summary>
    private static int ReverseNumbers(ModelSpec model) => Math.Max(
        model.Layers > 1 ? model.LayerOutputs : 0,
        model.Tables.Count > 0 ? model.ValueInputs + model.Tables.Sum(table => table.Size) : 0);

    /// <summary>One direction of a layer, with the weight of its inputs and its gradient.</summary>
    private sealed record Direction(GpuLayer Layer, GpuParameters Parameters, GpuParameters Gradients, string Name)
    {
        public DeviceWeight Weight => Parameters.Weight(Name);

        public DeviceWeight Gradient => Gradients.Weight(Name);
    }
}
