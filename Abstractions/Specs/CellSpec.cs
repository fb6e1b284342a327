using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>The recurrent cell of every layer, with PyTorch's gate order and equations.</summary>
public abstract record CellSpec : Choice
{
    /// <summary>Rows of a recurrent weight per hidden unit.</summary>
    public abstract int Gates { get; }

    /// <summary>Tensors of hidden state: 2 where a cell keeps c besides h.</summary>
    public virtual int States => 1;

    /// <summary>The parameters of one layer, in their order in the flat buffer.</summary>
    /// <param name="input">The width of the layer's inputs.</param>
    /// <param name="hidden">Its units.</param>
    public virtual IReadOnlyList<LayerParameter> Parameters(int input, int hidden)
    {
        int rows = checked(Gates * hidden);
        return [new("weight_ih", [rows, input]), new("weight_hh", [rows, hidden]), new("bias_ih", [rows]), new("bias_hh", [rows])];
    }

    /// <summary>How many elements the parameters of one layer have, however many those are.</summary>
    /// <param name="input">The width of the layer's inputs.</param>
    /// <param name="hidden">Its units.</param>
    public virtual Int128 CountParameters(Int128 input, Int128 hidden) => Gates * hidden * (input + hidden + 2);

    /// <summary>
    /// The module of the same equations in <c>torch.nn</c>; null where libtorch has none, and <c>engine: torch</c> is refused.
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
