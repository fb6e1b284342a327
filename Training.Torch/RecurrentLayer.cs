using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Torch.Custom;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Training.Torch;

/// <summary>h, and for an LSTM c, of one layer: <c>[1, A, H]</c>, row A one of the active lanes.</summary>
internal readonly record struct LayerState(Tensor H, Tensor? C)
{
    /// <summary>The state of the first so many lanes.</summary>
    public LayerState Narrow(int lanes) => H.size(1) == lanes ? this
        : new(H.narrow(1, 0, lanes).contiguous(), C?.narrow(1, 0, lanes).contiguous());
}

/// <summary>One recurrent layer of whichever cell.</summary>
internal sealed class RecurrentLayer
{
    private readonly nn.Module _module;
    private readonly Func<Tensor, LayerState, (Tensor, LayerState)> _run;
    private readonly bool _isCustom;

    public RecurrentLayer(CellSpec cell, int inputSize, int hiddenSize)
    {
        if (cell is ModuleCell custom)
        {
            _isCustom = true;
            (_module, _run) = Custom(custom, inputSize, hiddenSize);
            return;
        }

        switch (cell.TorchModule)
        {
            case "LSTM":
                var lstm = nn.LSTM(inputSize, hiddenSize);
                _run = (inputs, state) =>
                {
                    var (outputs, h, c) = lstm.call(inputs, (state.H, state.C!));
                    return (outputs, new(h, c));
                };
                _module = lstm;
                break;
            case "GRU":
                var gru = nn.GRU(inputSize, hiddenSize);
                _run = (inputs, state) =>
                {
                    var (outputs, h) = gru.call(inputs, state.H);
                    return (outputs, new(h, null));
                };
                _module = gru;
                break;
            case "RNN" or "RNN_RELU":
                var rnn = nn.RNN(
                    inputSize, hiddenSize, 1, cell.TorchModule == "RNN" ? nn.NonLinearities.Tanh : nn.NonLinearities.ReLU);
                _run = (inputs, state) =>
                {
                    var (outputs, h) = rnn.call(inputs, state.H);
                    return (outputs, new(h, null));
                };
                _module = rnn;
                break;
            default:
                throw new NotSupportedException($"cell {cell.Word}: libtorch has no module for it; write engine: fused");
        }
    }

    /// <summary>The module with the layer's parameters.</summary>
    public nn.Module Module => _module;

    /// <summary>A parameter of the layer, by its name in <see cref="CellSpec.Parameters"/>; null for none.</summary>
    public Parameter? Find(string name) => _isCustom
        ? _module.named_parameters().FirstOrDefault(one => one.name == name).parameter
        : _module.get_parameter($"{name}_l0");

    /// <summary>Runs the layer over time: <c>[T, A, F] → [T, A, H]</c>, and the state after the last time step.</summary>
    public (Tensor Outputs, LayerState State) Run(Tensor inputs, LayerState state) => _run(inputs, state);

    private static (nn.Module, Func<Tensor, LayerState, (Tensor, LayerState)>) Custom(ModuleCell cell, int inputSize, int hiddenSize)
    {
        var module = cell.Make(inputSize, hiddenSize);
        return (module, (inputs, state) =>
        {
            var before = state.C is { } c ? cat([state.H, c], 0) : state.H;
            var (outputs, after) = module.call(inputs, before);
            Check(cell, "outputs", outputs, [inputs.size(0), inputs.size(1), hiddenSize]);
            Check(cell, "state", after, before.shape);
            return (outputs, state.C is null ? new(after, null) : new(after.narrow(0, 0, 1), after.narrow(0, 1, 1)));
        });
    }

    private static void Check(ModuleCell cell, string what, Tensor found, long[] shape)
    {
        if (!found.shape.SequenceEqual(shape))
            throw new InvalidOperationException($"{cell.Word}: found {what} of shape [{string.Join(", ", found.shape)}], expected "
                + $"[{string.Join(", ", shape)}]; correct the module's forward");
    }
}
