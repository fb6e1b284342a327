using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>
/// What is dropped of a chunk's rows. The host gives a key for each row; whether a number is dropped is its hash, computed on the device
/// where the mask is used, forward and backward.
/// </summary>
internal sealed class GpuDropout : IDisposable
{
    private readonly Launcher _launcher;
    private readonly ModelSpec _model;
    private readonly int _inputs;
    private readonly InboundPart _inputKeys;
    private readonly InboundPart[] _keys;
    private readonly DeviceBuffer[] _dropped;
    private readonly DeviceBuffer _whole;
    private readonly DeviceBuffer _droppedInputs;

    public GpuDropout(IAccelerator device, Launcher launcher, Inbound inbound, ModelSpec model)
    {
        (_launcher, _model) = (launcher, model);
        _inputs = model.ValueInputs + model.Tables.Sum(table => table.Size);
        _keys = [.. Enumerable.Range(0, model.Layers).Select(_ => new InboundPart(inbound))];
        _dropped = [.. Enumerable.Range(0, model.Layers).Select(_ => new DeviceBuffer(device))];
        (_inputKeys, _whole, _droppedInputs) = (new(inbound), new(device), new(device));
    }

    /// <summary>The first layer's inputs, dropped.</summary>
    public DeviceRows DroppedInputs => new(_droppedInputs.Address, _inputs);

    /// <summary>The last layer's outputs, dropped.</summary>
    public DeviceRows DroppedOutputs => Dropped(_model.Layers - 1);

    /// <summary>The outputs of a layer, dropped.</summary>
    public DeviceRows Dropped(int layer) => new(_dropped[layer].Address, _model.LayerOutputs);

    /// <summary>Packs the keys of a chunk's masks.</summary>
    public void Begin(ChunkBatch batch, DropoutMasks dropout)
    {
        for (int layer = 0; layer < _model.Layers; layer++)
        {
            if (layer + 1 < _model.Layers ? !dropout.DropsBetween : !dropout.DropsOutputs)
                continue;
            dropout.Keys(batch, layer, _keys[layer].Room<ulong>(batch.Rows));
            _dropped[layer].Reserve((long)batch.Rows * _model.LayerOutputs);
        }

        if (dropout.DropsInputs)
            dropout.InputKeys(batch, _inputKeys.Room<ulong>(batch.Rows));
    }

    /// <summary>Room for the first layer's inputs before anything is dropped.</summary>
    public DeviceRows WholeInputs(int rows) => new(_whole.Reserve((long)rows * _inputs).Address, _inputs);

    /// <summary>Drops inputs of the first layer.</summary>
    public DeviceRows Inputs(int rows)
    {
        _droppedInputs.Reserve((long)rows * _inputs);
        Drop(WholeInputs(rows), DroppedInputs, _inputKeys.Address, _model.Dropout.Input, rows, _inputs);
        return DroppedInputs;
    }

    /// <summary>The gradient's way back through that.</summary>
    public void InputsBack(DeviceRows gradient, int rows) =>
        Drop(gradient, gradient, _inputKeys.Address, _model.Dropout.Input, rows, _inputs);

    /// <summary>Drops outputs of a layer below another one, of some rows.</summary>
    public void Between(int layer, DeviceRows outputs, int first, int rows) =>
        Drop(outputs, Dropped(layer), _keys[layer], _model.Dropout.Between, first, rows);

    /// <summary>The gradient's way back through that.</summary>
    public void BetweenBack(int layer, DeviceRows gradient, int first, int rows) =>
        Drop(gradient, gradient, _keys[layer], _model.Dropout.Between, first, rows);

    /// <summary>Drops outputs of the last layer.</summary>
    public void Outputs(DeviceRows outputs, int rows) =>
        Drop(outputs, DroppedOutputs, _keys[^1], _model.Dropout.Output, 0, rows);

    /// <summary>The gradient's way back through that.</summary>
    public void OutputsBack(DeviceRows gradient, int rows) => Drop(gradient, gradient, _keys[^1], _model.Dropout.Output, 0, rows);

    public void Dispose()
    {
        foreach (var buffer in (DeviceBuffer[])[_whole, _droppedInputs, .. _dropped])
            buffer.Dispose();
    }

    private void Drop(DeviceRows from, DeviceRows to, InboundPart keys, double rate, int first, int rows) => Drop(
        from.From(first), to.From(first), keys.Address + (first * sizeof(ulong)), rate, rows, _model.LayerOutputs);

    private void Drop(DeviceRows from, DeviceRows to, nint keys, double rate, int rows, int columns) =>
        _launcher.Drop(from, to, keys, DropoutMasks.Threshold(rate), DropoutMasks.Kept(rate), rows, columns);
}
