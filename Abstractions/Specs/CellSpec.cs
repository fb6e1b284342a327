using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>The recurrent cell of every layer, with PyTorch's gate order and equations.</summary>
public abstract record CellSpec : Choice
{
    /// <summary>Rows of a recurrent weight per hidden unit.</summary>
    public abstract int Gates { get; }

    /// <summary>The tensors of hidden state by name, <c>h</c>, which is what the next layer gets, first.</summary>
    public virtual IReadOnlyList<string> StateNames => ["h"];

    /// <summary>Tensors of hidden state: 2 where a cell keeps c besides h.</summary>
    public int States => StateNames.Count;

    /// <summary>Whether the gates depend on the hidden state, by <c>weight_hh</c> and <c>bias_hh</c>. Default true.</summary>
    public virtual bool HasHiddenWeights => true;

    /// <summary>The number of the gate that says how much of the state is kept, 1 keeping all; null for none. Default null.</summary>
    public virtual int? ForgetGate => null;

    /// <summary>The parameters of one layer, in their order in the flat buffer.</summary>
    /// <param name="input">The width of the layer's inputs.</param>
    /// <param name="hidden">Its units.</param>
    public virtual IReadOnlyList<LayerParameter> Parameters(int input, int hidden)
    {
        int rows = checked(Gates * hidden);
        return HasHiddenWeights
            ? [new("weight_ih", [rows, input]), new("weight_hh", [rows, hidden]), new("bias_ih", [rows]), new("bias_hh", [rows])]
            : [new("weight_ih", [rows, input]), new("bias_ih", [rows])];
    }

    /// <summary>How many elements the parameters of one layer have, however many those are.</summary>
    /// <param name="input">The width of the layer's inputs.</param>
    /// <param name="hidden">Its units.</param>
    public virtual Int128 CountParameters(Int128 input, Int128 hidden) =>
        Gates * hidden * (HasHiddenWeights ? input + hidden + 2 : input + 1);

    /// <summary>
    /// The module of the same equations in <c>torch.nn</c>, or the mode of <c>RNN</c> with them, <c>RNN_RELU</c>; null where libtorch has
    /// none, and <c>engine: torch</c> is refused.
    /// </summary>
    public virtual string? TorchModule => null;

    /// <summary>
    /// The operator of the same equations in ONNX; null where it has none, and an export as ONNX is refused.
    /// </summary>
    public virtual OnnxOperator? OnnxOperator => null;
}

/// <summary>A parameter of a recurrent layer.</summary>
/// <param name="Name">Its name, less the layer's number: in a model it is <c>rnn.NAME_lN</c>.</param>
/// <param name="Shape">Its shape.</param>
public sealed record LayerParameter(string Name, IReadOnlyList<int> Shape);
