using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Kernels;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>A recurrent layer on a device: the fused engine's <c>FusedLayer</c>, sum for sum.</summary>
internal sealed class GpuLayer : IDisposable
{
    private readonly IAccelerator _device;
    private readonly RecurrentCell _cell;
    private readonly SweepKernels _kernels;
    private readonly GpuParameters _parameters;
    private readonly GpuParameters _gradients;
    private readonly Launcher _launcher;
    private readonly string _layer;
    private readonly int _units;
    private readonly int _width;
    private readonly DeviceBuffer _gates;
    private readonly DeviceBuffer _hiddenGates;
    private readonly DeviceBuffer _kept;
    private readonly DeviceBuffer[] _histories;
    private readonly DeviceBuffer _outputGradient;
    private readonly DeviceBuffer[] _stateGradients;
    private readonly DeviceBuffer _counter;
    private readonly DeviceBuffer _inputBias;
    private readonly DeviceBuffer _cellOutputs;
    private readonly GpuOutput? _output;
    private readonly GpuWeightDrop? _drop;
    private readonly InboundPart[] _zoneKeys;
    private readonly int _index;
    private bool _zones;

    /// <summary>Makes a layer.</summary>
    /// <param name="shared">What it shares with others.</param>
    /// <param name="kernels">Those of its cell.</param>
    /// <param name="model">The network.</param>
    /// <param name="layer">The layer, from 0.</param>
    /// <param name="suffix">What follows in the names of its parameters.</param>
    public GpuLayer(GpuResources shared, SweepKernels kernels, ModelSpec model, int layer, string suffix = "")
    {
        var (device, inbound) = (shared.Device, shared.Inbound);
        (_device, _launcher, _kernels, _parameters, _gradients) =
            (device, shared.Launcher, kernels, shared.Parameters, shared.Gradients);
        (_cell, _units, _layer, _index) = ((RecurrentCell)model.Cell, model.HiddenSize, $"{layer}{suffix}", layer);
        (_width, _cellOutputs) = (_cell.Outputs(_units), new(device));
        _output = GpuOutput.Of(shared, model, layer);
        _drop = GpuWeightDrop.Of(shared, model, layer);
        _zoneKeys = [.. kernels.Zones.Select(_ => new InboundPart(inbound))];
        (_gates, _hiddenGates, _kept, _outputGradient, _counter, _inputBias) =
            (new(device), new(device), new(device), new(device), new(device), new(device));
        _histories = [.. _cell.StateNames.Select(_ => new DeviceBuffer(device))];
        _stateGradients = [.. _cell.StateNames.Skip(1).Select(_ => new DeviceBuffer(device))];
    }

    /// <summary>The gates of each row: sums, then values, then gradients of the sums.</summary>
    public DeviceRows Gates => new(_gates.Address, Sums);

    /// <summary>The gradient of the layer's outputs.</summary>
    public DeviceRows OutputGradient => new(_outputGradient.Address, _width);

    /// <summary>What the sums over inputs begin with.</summary>
    public nint InputBias => _inputBias.Address;

    private DeviceWeight Recurrent => _drop?.Weight ?? _parameters.Weight($"rnn.weight_hh_l{_layer}");

    private int Sums => _cell.Gates * _units;

    private DeviceRows HiddenGates => _cell.SplitsGates ? new(_hiddenGates.Address, Sums) : Gates;

    /// <summary>Numbers of 32 bits that a layer needs.</summary>
    /// <param name="model">The network.</param>
    /// <param name="lanes">Active lanes.</param>
    /// <param name="rows">Rows of the chunk.</param>
    public static long Numbers(ModelSpec model, long lanes, long rows)
    {
        var cell = (RecurrentCell)model.Cell;
        long units = model.HiddenSize, width = cell.Outputs(model.HiddenSize), ofStates = width + ((cell.States - 1) * units);
        int ofUnit = (cell.Gates * (cell.SplitsGates ? 2 : 1)) + cell.Kept + (cell.Projection is null ? 0 : 1);
        long ofRow = (ofUnit * units) + ofStates + width;

        // With the states before and after the chunk, as they come and go.
        return (rows * ofRow) + (lanes * ((4 * ofStates) + width));
    }

    /// <summary>History of a state, its first row the initial state of the first lane.</summary>
    public DeviceRows History(int state) => new(_histories[state].Address, WidthOf(state));

    /// <summary>What the next layer, or the head, gets of the chunk's rows.</summary>
    public DeviceRows Outputs(GpuTimes times) => _output?.Values ?? Hidden(times);

    /// <summary>The gradient of a state before the chunk, of each active lane, where <see cref="Backward"/> reached it.</summary>
    public DeviceRows StartGradient(int state, GpuTimes times) =>
        state == 0 ? OutputGradient.From(times.Rows) : new(_stateGradients[state - 1].Address, _units);

    /// <summary>Prepares the biases, after new parameters.</summary>
    public void LoadBiases()
    {
        _inputBias.Reserve(Sums);
        _launcher.Move(_parameters.Bias($"rnn.bias_ih_l{_layer}"), _inputBias.Address, Sums);
        if (_cell.HasHiddenWeights && !_cell.SplitsGates)
            _launcher.Add(new(_parameters.Bias($"rnn.bias_hh_l{_layer}"), Sums), 0, new(_inputBias.Address, Sums), 1, Sums);
    }

    /// <summary>Makes room for a chunk, and packs what is dropped in the layer itself.</summary>
    public void Begin(GpuTimes times, ChunkBatch batch, DropoutMasks dropout)
    {
        _zones = dropout.Rates is { Zones: true };
        for (int i = 0; i < _zoneKeys.Length && _zones; i++)
            dropout.ZoneoutKeys(batch, _index, _kernels.Zones[i].State, _zoneKeys[i].Room<ulong>(batch.Rows));
        _drop?.Begin(dropout);
        _output?.Begin(times.Rows);
        long rows = times.Rows, lanes = times.Lanes;
        _gates.Reserve(rows * Sums);
        if (_cell.SplitsGates)
            _hiddenGates.Reserve(rows * Sums);
        _kept.Reserve(Math.Max(1, rows * _cell.Kept * _units));
        for (int state = 0; state < _histories.Length; state++)
            _histories[state].Reserve((lanes + rows) * WidthOf(state));
        _outputGradient.Reserve((rows + lanes) * _width);
        if (_cell.Projection is not null)
            _cellOutputs.Reserve(rows * _units);
        foreach (var gradient in _stateGradients)
            gradient.Reserve(lanes * _units);
        _counter.Reserve(1);
    }

    /// <summary>
    /// Whether a launch of its time steps waits for all of its blocks. No two of these may run at once: each might hold the room for blocks
    /// that the other one waits for.
    /// </summary>
    public bool WaitsForGrid(GpuTimes times)
    {
        var (x, y, threads) = Blocks(times);
        return !IsOne(x) && (_device.FitsAtOnce(_kernels.ForwardOverGrid, x * y, threads)
            || _device.FitsAtOnce(_kernels.BackwardOverGrid, x * y, threads));
    }

    /// <summary>
    /// Runs time steps, from the sums over inputs in the gates and the initial state in the histories, behind the time steps before.
    /// </summary>
    /// <param name="times">The time steps.</param>
    /// <param name="part">Which of them.</param>
    /// <param name="inputs">The layer's inputs; looked at above the first layer alone.</param>
    public void Forward(GpuTimes times, StepRange part, DeviceRows inputs)
    {
        if (part.First == 0)
            _drop?.Drop();
        Sweep(
            times, part, _kernels.Forward, _kernels.ForwardOverGrid, backward: false,
            [_cell.SplitsGates ? _parameters.Bias($"rnn.bias_hh_l{_layer}") : 0, SweepKernels.WholeStep]);
        var (first, rows) = times.RowsOf(part);
        _output?.Forward(Hidden(times), inputs, first, rows);
    }

    /// <summary>Whether the gradient of its outputs is that of its h, but for what its inputs get past the cell.</summary>
    public bool GivesHidden => _output is null or { Normalises: false };

    /// <summary>Keeps, of the gradient of its outputs, what the layer's inputs get past the cell, for some rows.</summary>
    public void KeepResidual(int first, int rows) => _output?.KeepResidual(OutputGradient, first, rows);

    /// <summary>Makes the gradient of its outputs that of its h, and prepares those of the states.</summary>
    /// <param name="times">The time steps.</param>
    /// <param name="reachesStart">Whether the gradient continues to the state before the chunk.</param>
    public void BeginBackward(GpuTimes times, bool reachesStart)
    {
        _output?.ToHidden(OutputGradient, times.Rows);
        foreach (var gradient in _stateGradients)
            _launcher.Clear(gradient.Address, (long)times.Lanes * _units);
        if (reachesStart)
            _launcher.Clear(OutputGradient.From(times.Rows).Start, (long)times.Lanes * _width);
    }

    /// <summary>Runs time steps backward, from the gradient of h to that of the gates' sums, before those that lie before them.</summary>
    public void Backward(GpuTimes times, StepRange part, bool reachesStart) => Sweep(
        times, part, _kernels.Backward, _kernels.BackwardOverGrid, backward: true, [SweepKernels.WholeStep, reachesStart ? 1 : 0]);

    /// <summary>Adds to the gradient of the layer's inputs what they get past the cell.</summary>
    public void AddResidual(DeviceRows inputGradient, int first, int rows) => _output?.AddResidual(inputGradient, first, rows);

    /// <summary>The gradients of the recurrent weight and of the biases.</summary>
    public void Gradient(GpuTimes times)
    {
        nint inputBias = _gradients.Bias($"rnn.bias_ih_l{_layer}");
        _launcher.Sum(Gates, inputBias, times.Rows, Sums);
        if (!_cell.HasHiddenWeights)
            return;
        nint hiddenBias = _gradients.Bias($"rnn.bias_hh_l{_layer}");
        var weight = _gradients.Weight($"rnn.weight_hh_l{_layer}");
        if (_cell.ResetsFirst)
        {
            // The last gate's sums are over r · h, which is kept of each row.
            int first = Sums - _units;
            var last = new DeviceWeight(weight.Start + ((nint)first * _units * sizeof(float)), _units, _units, _units);
            _launcher.Gradient(Gates, History(0), times.Before, weight with { Outputs = first }, times.Rows);
            _launcher.Gradient(Gates.Without(first), new(_kept.Address, _units), 0, last, times.Rows);
        }
        else
            _launcher.Gradient(HiddenGates, History(0), times.Before, weight, times.Rows);
        _drop?.DropGradient();
        if (_cell.Projection is not null)
        {
            _launcher.Gradient(
                OutputGradient, new(_cellOutputs.Address, _units), 0, _gradients.Weight($"rnn.weight_hr_l{_layer}"), times.Rows);
        }
        if (_cell.SplitsGates)
            _launcher.Sum(HiddenGates, hiddenBias, times.Rows, Sums);
        else
            _launcher.Move(inputBias, hiddenBias, Sums);
    }

    /// <summary>Gives back the memory of chunks.</summary>
    public void ReleaseChunk()
    {
        foreach (var buffer in (DeviceBuffer[])
            [_gates, _hiddenGates, _kept, _outputGradient, _cellOutputs, _counter, .. _histories, .. _stateGradients])
        {
            buffer.Dispose();
        }

        _output?.Dispose();
    }

    public void Dispose()
    {
        ReleaseChunk();
        _drop?.Dispose();
        _inputBias.Dispose();
    }

    private int WidthOf(int state) => state == 0 ? _width : _units;

    private DeviceRows Hidden(GpuTimes times) => History(0).From(times.Lanes);

    private (int X, int Y, int Threads) Blocks(GpuTimes times)
    {
        int groups = SweepShape.GroupsOf(times.Lanes), lanes = groups * SweepShape.Lanes;
        return (_kernels.Shape.UnitBlocks, Launcher.Blocks(times.Lanes, lanes), groups * _kernels.Shape.BlockUnits);
    }

    // Blocks of other lanes need nothing of each other.
    private bool IsOne(int unitBlocks) => unitBlocks == 1 || !_cell.HasHiddenWeights;

    private void Sweep(
        GpuTimes times, StepRange part, KernelCode alone, KernelCode overGrid, bool backward, ReadOnlySpan<Argument> rest)
    {
        var (x, y, threads) = Blocks(times);
        nint[] projection = _cell.Projection is null ? []
            : [_parameters.Weight($"rnn.weight_hr_l{_layer}").Start, _cellOutputs.Address];
        var common = SweepThread.Arguments(
            _cell.HasHiddenWeights ? Recurrent.Start : 0, _gates.Address, HiddenGates.Start, _kept.Address,
            [.. _histories.Select(history => history.Address)], _outputGradient.Address,
            [.. _stateGradients.Select(gradient => gradient.Address)], times.Table, times.Lanes, SweepShape.GroupsOf(times.Lanes),
            _counter.Address, [.. _zoneKeys.Select(keys => _zones ? keys.Address : 0), .. projection]);
        if (IsOne(x) || _device.FitsAtOnce(overGrid, x * y, threads))
        {
            if (!IsOne(x))
                _launcher.Clear(_counter.Address, 1);
            _launcher.Launch(IsOne(x) ? alone : overGrid, x, y, threads, [.. common, .. rest, part.First, part.End]);
            return;
        }

        // The end of a launch is what all blocks wait for: as often as a time step has parts, since a product wants all units' numbers.
        for (int i = 0; i < part.End - part.First; i++)
        {
            int step = backward ? part.End - 1 - i : part.First + i;
            for (int of = SweepKernels.FirstPart; of <= (backward ? _kernels.BackwardParts : _kernels.ForwardParts); of++)
            {
                ReadOnlySpan<Argument> own = backward ? [of, rest[1]] : [rest[0], of];
                _launcher.Launch(alone, x, y, threads, [.. common, .. own, step, step + 1]);
            }
        }
    }
}
