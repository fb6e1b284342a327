using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>The recurrent cell of every layer, with PyTorch's gate order and equations.</summary>
public abstract record CellSpec : Choice
{
    /// <summary>Rows of a recurrent weight per hidden unit.</summary>
    public abstract int Gates { get; }

    /// <summary>Tensors of hidden state: 2 where a cell keeps c besides h.</summary>
    public virtual int States => 1;

    /// <summary>
    /// The module of the same equations in <c>torch.nn</c>; null where libtorch has none, and <c>engine: torch</c> is refused.
    /// </summary>
    public virtual string? TorchModule => null;
}
