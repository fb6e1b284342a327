using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Kernels;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>
/// What a layer gives to the next one, or to the head, where that is not its h, on a device: the fused engine's <c>LayerOutput</c>.
/// </summary>
internal sealed class GpuOutput : IDisposable
{
    private readonly Launcher _launcher;
    private readonly GpuParameters _parameters;
    private readonly GpuParameters _gradients;
    private readonly int _columns;
    private readonly string _layer;
    private readonly bool _normalises;
    private readonly bool _addsInputs;
    private readonly DeviceBuffer _values;
    private readonly DeviceBuffer _normal;
    private readonly DeviceBuffer _scales;
    private readonly DeviceBuffer _gradient;

    private GpuOutput(GpuResources shared, ModelSpec model, int layer, bool addsInputs)
    {
        var device = shared.Device;
        (_launcher, _parameters, _gradients, _layer) = (shared.Launcher, shared.Parameters, shared.Gradients, $"_l{layer}");
        (_columns, _normalises, _addsInputs) = (model.LayerOutputs, model.LayerNorm, addsInputs);
        (_values, _normal, _scales, _gradient) = (new(device), new(device), new(device), new(device));
    }

    /// <summary>The output of each row.</summary>
    public DeviceRows Values => new(_values.Address, _columns);

    /// <summary>That of a layer; null where its outputs are its h.</summary>
    public static GpuOutput? Of(GpuResources shared, ModelSpec model, int layer)
    {
        bool addsInputs = model.Residual && layer > 0;
        return model.LayerNorm || addsInputs ? new(shared, model, layer, addsInputs) : null;
    }

    /// <summary>Numbers of 32 bits that a row of all layers needs.</summary>
    public static long NumbersOfRow(ModelSpec model)
    {
        long adding = model.Residual ? model.Layers - 1 : 0, giving = model.LayerNorm ? model.Layers : adding;
        return ((giving + adding) * model.LayerOutputs) + (model.LayerNorm ? (long)model.Layers * (model.LayerOutputs + 1) : 0);
    }

    /// <summary>Makes room for a chunk of so many rows.</summary>
    public void Begin(int rows)
    {
        long numbers = (long)rows * _columns;
        _values.Reserve(numbers);
        if (_normalises)
        {
            _normal.Reserve(numbers);
            _scales.Reserve(rows);
        }

        if (_addsInputs)
            _gradient.Reserve(numbers);
    }

    /// <summary>Whether h is normalised.</summary>
    public bool Normalises => _normalises;

    /// <summary>Computes the outputs of some rows from h and the layer's inputs.</summary>
    public void Forward(DeviceRows hidden, DeviceRows inputs, int first, int rows)
    {
        nint numbers = (nint)first * _columns;
        hidden = hidden.From(first);
        if (_normalises)
        {
            OfRows(
                NormKernels.Forward, rows, hidden.Start, _parameters.Bias($"norm.weight{_layer}"), _parameters.Bias($"norm.bias{_layer}"),
                _values.At(numbers), _normal.At(numbers), _scales.At(first), rows, _columns);
        }
        else
            _launcher.Move(hidden.Start, _values.At(numbers), (long)rows * _columns);
        if (_addsInputs)
            _launcher.Add(inputs.From(first), 0, Values.From(first), rows, _columns);
    }

    /// <summary>Keeps what the layer's inputs get past the cell, of some rows, before <see cref="ToHidden"/>.</summary>
    public void KeepResidual(DeviceRows outputGradient, int first, int rows)
    {
        if (_addsInputs)
            _launcher.Move(outputGradient.From(first).Start, _gradient.At((long)first * _columns), (long)rows * _columns);
    }

    /// <summary>
    /// Makes the gradient of the outputs that of h, in its place, and sums the gradients of the normalisation.
    /// </summary>
    public void ToHidden(DeviceRows outputGradient, int rows)
    {
        if (!_normalises)
            return;
        _launcher.Sum(outputGradient, _gradients.Bias($"norm.bias{_layer}"), rows, _columns);
        _launcher.SumProducts(outputGradient, new(_normal.Address, _columns), _gradients.Bias($"norm.weight{_layer}"), rows, _columns);
        OfRows(
            NormKernels.Backward, rows, outputGradient.Start, _normal.Address, _scales.Address, _parameters.Bias($"norm.weight{_layer}"),
            rows, _columns);
    }

    /// <summary>Adds to the gradient of some rows of the layer's inputs what they get past the cell.</summary>
    public void AddResidual(DeviceRows inputGradient, int first, int rows)
    {
        if (_addsInputs)
            _launcher.Add(new DeviceRows(_gradient.Address, _columns).From(first), 0, inputGradient.From(first), rows, _columns);
    }

    public void Dispose()
    {
        foreach (var buffer in (DeviceBuffer[])[_values, _normal, _scales, _gradient])
            buffer.Dispose();
    }

    private void OfRows(Code.KernelCode kernel, int rows, params ReadOnlySpan<Argument> arguments) =>
        _launcher.Launch(kernel, Launcher.Blocks(rows, RowThreads.Rows), 1, RowThreads.Threads, arguments);
}
