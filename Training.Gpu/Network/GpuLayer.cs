using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Kernels;

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
    private readonly DeviceBuffer _gates;
    private readonly DeviceBuffer _hiddenGates;
    private readonly DeviceBuffer _kept;
    private readonly DeviceBuffer[] _histories;
    private readonly DeviceBuffer _outputGradient;
    private readonly DeviceBuffer[] _stateGradients;
    private readonly DeviceBuffer _counter;
    private readonly DeviceBuffer _inputBias;

    public GpuLayer(
        IAccelerator device, Launcher launcher, SweepKernels kernels, ModelSpec model, int layer, GpuParameters parameters,
        GpuParameters gradients)
    {
        (_device, _launcher, _kernels, _parameters, _gradients) = (device, launcher, kernels, parameters, gradients);
        (_cell, _units, _layer) = ((RecurrentCell)model.Cell, model.HiddenSize, $"{layer}");
        (_gates, _hiddenGates, _kept, _outputGradient, _counter, _inputBias) =
            (new(device), new(device), new(device), new(device), new(device), new(device));
        _histories = [.. _cell.StateNames.Select(_ => new DeviceBuffer(device))];
        _stateGradients = [.. _cell.StateNames.Skip(1).Select(_ => new DeviceBuffer(device))];
    }

    /// <summary>The gates of each row: sums, then values, then gradients of the sums.</summary>
    public DeviceRows Gates => new(_gates.Address, Sums);

    /// <summary>The gradient of the layer's outputs.</summary>
    public DeviceRows OutputGradient => new(_outputGradient.Address, _units);

    /// <summary>What the sums over inputs begin with.</summary>
    public nint InputBias => _inputBias.Address;

    private int Sums => _cell.Gates * _units;

    private DeviceRows HiddenGates => _cell.SplitsGates ? new(_hiddenGates.Address, Sums) : Gates;

    /// <summary>Numbers of 32 bits that a layer needs.</summary>
    /// <param name="model">The network.</param>
    /// <param name="lanes">Active lanes.</param>
    /// <param name="rows">Rows of the chunk.</param>
    public static long Numbers(ModelSpec model, long lanes, long rows)
    {
        var cell = (RecurrentCell)model.Cell;
        int ofRow = (cell.Gates * (cell.SplitsGates ? 2 : 1)) + cell.Kept + cell.States + 1;

        // With the states before and after the chunk, as they come and go.
        return model.HiddenSize * ((rows * ofRow) + (lanes * ((4 * cell.States) + 1)));
    }

    /// <summary>History of a state, its first row the initial state of the first lane.</summary>
    public DeviceRows History(int state) => new(_histories[state].Address, _units);

    /// <summary>The outputs of the chunk's rows.</summary>
    public DeviceRows Outputs(GpuTimes times) => History(0).From(times.Lanes);

    /// <summary>Prepares the biases, after new parameters.</summary>
    public void LoadBiases()
    {
        _inputBias.Reserve(Sums);
        _launcher.Move(_parameters.Bias($"rnn.bias_ih_l{_layer}"), _inputBias.Address, Sums);
        if (_cell.HasHiddenWeights && !_cell.SplitsGates)
            _launcher.Add(new(_parameters.Bias($"rnn.bias_hh_l{_layer}"), Sums), 0, new(_inputBias.Address, Sums), 1, Sums);
    }

    /// <summary>Makes room for a chunk.</summary>
    public void Begin(GpuTimes times)
    {
        long rows = times.Rows, lanes = times.Lanes;
        _gates.Reserve(rows * Sums);
        if (_cell.SplitsGates)
            _hiddenGates.Reserve(rows * Sums);
        _kept.Reserve(Math.Max(1, rows * _cell.Kept * _units));
        foreach (var history in _histories)
            history.Reserve((lanes + rows) * _units);
        _outputGradient.Reserve((rows + lanes) * _units);
        foreach (var gradient in _stateGradients)
            gradient.Reserve(lanes * _units);
        _counter.Reserve(1);
    }

    /// <summary>Runs the time steps, from the sums over inputs in the gates and the initial state in the histories.</summary>
    public void Forward(GpuTimes times) => Sweep(
        times, _kernels.Forward, _kernels.ForwardOverGrid, backward: false,
        _cell.SplitsGates ? [_parameters.Bias($"rnn.bias_hh_l{_layer}")] : [(nint)0]);

    /// <summary>Runs them backward, from the gradient of the outputs to that of the gates' sums.</summary>
    public void Backward(GpuTimes times)
    {
        foreach (var gradient in _stateGradients)
            _launcher.Clear(gradient.Address, (long)times.Lanes * _units);
        Sweep(times, _kernels.Backward, _kernels.BackwardOverGrid, backward: true, [SweepKernels.WholeStep]);
    }

    /// <summary>The gradients of the recurrent weight and of the biases.</summary>
    public void Gradient(GpuTimes times)
    {
        nint inputBias = _gradients.Bias($"rnn.bias_ih_l{_layer}");
        _launcher.Sum(Gates, inputBias, times.Rows, Sums);
        if (!_cell.HasHiddenWeights)
            return;
        nint hiddenBias = _gradients.Bias($"rnn.bias_hh_l{_layer}");
        _launcher.Gradient(HiddenGates, History(0), times.Before, _gradients.Weight($"rnn.weight_hh_l{_layer}"), times.Rows);
        if (_cell.SplitsGates)
            _launcher.Sum(HiddenGates, hiddenBias, times.Rows, Sums);
        else
            _launcher.Move(inputBias, hiddenBias, Sums);
    }

    /// <summary>Gives back the memory of chunks.</summary>
    public void ReleaseChunk()
    {
        foreach (var buffer in (DeviceBuffer[])
            [_gates, _hiddenGates, _kept, _outputGradient, _counter, .. _histories, .. _stateGradients])
        {
            buffer.Dispose();
        }
    }

    public void Dispose()
    {
        ReleaseChunk();
        _inputBias.Dispose();
    }

    private void Sweep(GpuTimes times, KernelCode alone, KernelCode overGrid, bool backward, ReadOnlySpan<Argument> rest)
    {
        var shape = _kernels.Shape;
        int groups = SweepShape.GroupsOf(times.Lanes), threads = groups * shape.BlockUnits;
        int x = shape.UnitBlocks, y = (times.Lanes + (groups * SweepShape.Lanes) - 1) / (groups * SweepShape.Lanes);
        var common = SweepThread.Arguments(
            _cell.HasHiddenWeights ? _parameters.Weight($"rnn.weight_hh_l{_layer}").Start : 0, _gates.Address, HiddenGates.Start,
            _kept.Address, [.. _histories.Select(history => history.Address)], _outputGradient.Address,
            [.. _stateGradients.Select(gradient => gradient.Address)], times.Table, times.Lanes, groups, _counter.Address);

        // Blocks of other lanes need nothing of each other.
        bool isOne = x == 1 || !_cell.HasHiddenWeights;
        if (isOne || _device.FitsAtOnce(overGrid, x * y, threads))
        {
            _launcher.Clear(_counter.Address, 1);
            _launcher.Launch(isOne ? alone : overGrid, x, y, threads, [.. common, .. rest, 0, times.Steps]);
            return;
        }

        // The end of a launch is what all blocks wait for, once a time step; backward twice, because the product wants all units' gates.
        for (int i = 0; i < times.Steps; i++)
        {
            int step = backward ? times.Steps - 1 - i : i;
            if (!backward)
                _launcher.Launch(alone, x, y, threads, [.. common, .. rest, step, step + 1]);
            for (int part = SweepKernels.CellAlone; backward && part <= SweepKernels.ProductAlone; part++)
                _launcher.Launch(alone, x, y, threads, [.. common, part, step, step + 1]);
        }
    }
}
