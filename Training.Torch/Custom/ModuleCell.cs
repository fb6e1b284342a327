using System.Collections.Concurrent;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Torch.Native;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Training.Torch.Custom;

/// <summary>
/// Makes a recurrent layer: a module of <c>(inputs [time, lanes, inputSize], state [states, lanes, hiddenSize])</c> that returns
/// <c>(outputs [time, lanes, hiddenSize], state after the last time step)</c>, as <c>torch.nn.GRU</c> does.
/// </summary>
/// <param name="inputSize">The width of its inputs.</param>
/// <param name="hiddenSize">Its units.</param>
public delegate nn.Module<Tensor, Tensor, (Tensor Outputs, Tensor State)> RecurrentModule(int inputSize, int hiddenSize);

/// <summary>A cell that a program adds as a TorchSharp module.</summary>
internal sealed record ModuleCell : CellSpec
{
    /// <summary>More units than this make a model that is refused as too large, before a module of that size is made.</summary>
    private const int MostUnits = 1 << 16;

    private readonly RecurrentModule _make;
    private readonly ConcurrentDictionary<(int Input, int Hidden), IReadOnlyList<LayerParameter>> _parameters = [];

    public ModuleCell(string name, RecurrentModule make, int states)
    {
        ArgumentNullException.ThrowIfNull(make);
        if (states is not (1 or 2))
            throw new ArgumentOutOfRangeException(nameof(states), states, "expected 1 or 2 tensors of hidden state");
        (Word, _make, StateNames) = (CustomWord.Of(name), make, states == 1 ? ["h"] : ["h", "c"]);
    }

    public override string Word { get; }

    public override string About => "a TorchSharp module of the program that hosts the silo; with engine torch";

    public override int Gates => 1;

    public override IReadOnlyList<string> StateNames { get; }

    public override string TorchModule => Word;

    public nn.Module<Tensor, Tensor, (Tensor Outputs, Tensor State)> Make(int inputSize, int hiddenSize) => _make(inputSize, hiddenSize);

    public override Int128 CountParameters(Int128 input, Int128 hidden) => input > MostUnits || hidden > MostUnits
        ? long.MaxValue
        : Parameters((int)input, (int)hidden).Sum(one => one.Shape.Aggregate(1L, (product, size) => product * size));

    /// <summary>Found out by making a module of these sizes.</summary>
    public override IReadOnlyList<LayerParameter> Parameters(int input, int hidden) => _parameters.GetOrAdd((input, hidden), Find);

    public bool Equals(ModuleCell? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Word.GetHashCode(StringComparison.Ordinal);

    private List<LayerParameter> Find((int Input, int Hidden) sizes)
    {
        NativeBackend.Initialize();
        using var scope = NewDisposeScope();
        using var module = Make(sizes.Input, sizes.Hidden);
        return [.. module.named_parameters().Select(
            one => new LayerParameter(one.name, [.. one.parameter.shape.Select(size => (int)size)]))];
    }
}
