using Orleans.Tbptt.Specs;
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

    public RecurrentLayer(CellSpec cell, int inputSize, int hiddenSize)
    {
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
            case "RNN":
                var rnn = nn.RNN(inputSize, hiddenSize, 1, nn.NonLinearities.Tanh);
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

    /// <summary>The module's parameters: weight_ih, weight_hh, bias_ih, bias_hh.</summary>
    public nn.Module Module => _module;

    /// <summary>Runs the layer over time: <c>[T, A, F] → [T, A, H]</c>, and the state after the last time step.</summary>
    public (Tensor Outputs, LayerState State) Run(Tensor inputs, LayerState state) => _run(inputs, state);
}
