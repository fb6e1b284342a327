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

    /// <summary>
    /// The length of h where it is a product of what the cell gives with <c>weight_hr</c>; null where it is what the cell gives. Default
    /// null.
    /// </summary>
    public virtual int? Projection => null;

    /// <summary>The length of h, which is what the next layer, or the head, gets.</summary>
    /// <param name="hidden">Units of a layer.</param>
    public int Outputs(int hidden) => Projection ?? hidden;

    /// <summary>The length of a state, by its place in <see cref="StateNames"/>.</summary>
    /// <param name="state">The state.</param>
    /// <param name="hidden">Units of a layer.</param>
    public int Width(int state, int hidden) => state == 0 ? Outputs(hidden) : hidden;

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
        if (!HasHiddenWeights)
            return [new("weight_ih", [rows, input]), new("bias_ih", [rows])];
        IReadOnlyList<LayerParameter> own =
            [new("weight_ih", [rows, input]), new("weight_hh", [rows, Outputs(hidden)]), new("bias_ih", [rows]), new("bias_hh", [rows])];
        return Projection is { } outputs ? [.. own, new("weight_hr", [outputs, hidden])] : own;
    }

    /// <summary>How many elements the parameters of one layer have, however many those are.</summary>
    /// <param name="input">The width of the layer's inputs.</param>
    /// <param name="hidden">Its units.</param>
    public virtual Int128 CountParameters(Int128 input, Int128 hidden) => Gates * hidden
        * (HasHiddenWeights ? input + (Projection ?? hidden) + 2 : input + 1) + (Projection is { } outputs ? outputs * hidden : 0);

    /// <summary>
    /// The module of the same equations in <c>torch.nn</c>, or the mode of <c>RNN</c> with them, <c>RNN_RELU</c>; null where libtorch has
    /// none, and <c>engine: torch</c> is refused.
    /// </summary>
    public virtual string? TorchModule => null;

    /// <summary>
    /// Keys of the cell whose values <see cref="TorchModule"/> has not: these are refused, and not the cell. Default none.
    /// </summary>
    public virtual IReadOnlyList<string> KeysWithoutTorch => [];

    /// <summary>
    /// The operator of the same equations in ONNX; null where it has none, and an export as ONNX is refused.
    /// </summary>
    public virtual OnnxOperator? OnnxOperator => null;
}

/// <summary>A parameter of a recurrent layer.</summary>
/// <param name="Name">Its name, less the layer's number: in a model it is <c>rnn.NAME_lN</c>.</param>
/// <param name="Shape">Its shape.</param>
public sealed record LayerParameter(string Name, IReadOnlyList<int> Shape);
