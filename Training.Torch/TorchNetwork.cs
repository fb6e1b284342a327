using System.Globalization;
using Orleans.Tbptt.Specs;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Training.Torch;

/// <summary>
/// libtorch's modules over one flat buffer of parameters and one of gradients: every parameter is a view of the first, and
/// <c>backward</c> adds into the second.
/// </summary>
internal sealed class TorchNetwork : IDisposable
{
    private readonly List<Tensor> _views = [];
    private readonly IReadOnlyList<EmbeddingShape> _tables;

    public TorchNetwork(ModelSpec model, ParameterLayout layout, Device device)
    {
        Parameters = zeros(layout.Length, float32, device);
        Gradient = zeros(layout.Length, float32, device);
        int features = model.Embedding?.Size ?? model.InputSize!.Value;
        _tables = model.Tables;
        Embeddings = [.. _tables.Select(table => nn.Embedding(table.Classes, table.Size))];
        Directions = model.Bidirectional ? 2 : 1;
        Layers = [.. Enumerable.Range(0, model.Layers * Directions).Select(
            place => new RecurrentLayer(model.Cell, place < Directions ? features : model.LayerOutputs, model.HiddenSize))];
        Norms = [.. Enumerable.Range(0, model.LayerNorm ? model.Layers : 0).Select(_ => nn.LayerNorm(model.HiddenSize))];
        Initial = layout.Slots.Where(slot => slot.Name.StartsWith("initial.", StringComparison.Ordinal))
            .ToDictionary(slot => slot.Name, slot => new Parameter(zeros(slot.Length, float32, device)));
        Head = nn.Linear(model.LayerOutputs, model.OutputSize!.Value);
        foreach (var module in Modules())
            module.to(device);

        foreach (var slot in layout.Slots)
            Bind(slot, Find(slot));
        if (model.TieWeights)
            Bind(layout.Slots.Single(slot => slot.Name == layout.Head), Head.get_parameter("weight")!);
        foreach (var tensor in _views.Append(Parameters).Append(Gradient).Concat(Initial.Values))
            tensor.DetachFromDisposeScope();
    }

    /// <summary>Every parameter, one after another, <c>[Layout.Length]</c>.</summary>
    public Tensor Parameters { get; }

    /// <summary>Every gradient, at its parameter's place.</summary>
    public Tensor Gradient { get; }

    /// <summary>The embeddings of tokens, or of columns of classes in their order.</summary>
    public IReadOnlyList<Embedding> Embeddings { get; }

    /// <summary>Directions of a layer: 2 where it is bidirectional.</summary>
    public int Directions { get; }

    /// <summary>The layers; of each of them its directions, the one from a sequence's start first.</summary>
    public IReadOnlyList<RecurrentLayer> Layers { get; }

    /// <summary>What normalises the outputs of each layer; empty where nothing does.</summary>
    public IReadOnlyList<LayerNorm> Norms { get; }

    public Linear Head { get; }

    /// <summary>The learned initial states, <c>[H]</c> each, by their names; empty where none are learned.</summary>
    public IReadOnlyDictionary<string, Parameter> Initial { get; }

    public void Dispose()
    {
        foreach (var module in Modules())
            module.Dispose();
        foreach (var state in Initial.Values)
            state.Dispose();
        foreach (var view in _views)
            view.Dispose();
        Parameters.Dispose();
        Gradient.Dispose();
    }

    private IEnumerable<nn.Module> Modules() =>
        [.. Embeddings, .. Layers.Select(layer => layer.Module), .. Norms, Head];

    /// <summary>
    /// Ours is <c>rnn.weight_ih_l3</c>, the one-layer module's own <c>weight_ih_l0</c>; embedding and head have plain names.
    /// </summary>
    private Parameter Find(ParameterSlot slot)
    {
        string[] parts = slot.Name.Split('.', 2);
        bool isReverse = slot.Name.EndsWith(ParameterLayout.Reverse, StringComparison.Ordinal);
        string name = isReverse ? slot.Name[..^ParameterLayout.Reverse.Length] : slot.Name;
        int layer = name.LastIndexOf("_l", StringComparison.Ordinal);
        return parts[0] switch
        {
            "embedding" => Embeddings[_tables.Index().First(table => table.Item.Name == slot.Name).Index].get_parameter("weight"),
            "initial" => Initial[slot.Name],
            "norm" => Norms[Number(slot.Name)].get_parameter(parts[1][..(layer - parts[0].Length - 1)]),
            "head" => Head.get_parameter(parts[1]),
            _ => Layers[(Number(name) * Directions) + (isReverse ? 1 : 0)].Find(name[(parts[0].Length + 1)..layer]),
        } ?? throw new InvalidOperationException($"libtorch's module has no {slot.Name}");
    }

    private static int Number(string name) =>
        int.Parse(name.AsSpan(name.LastIndexOf("_l", StringComparison.Ordinal) + 2), CultureInfo.InvariantCulture);

    /// <summary>Two parameters that are bound to one slot are one: what backward adds to either's gradient comes to one place.</summary>
    private void Bind(ParameterSlot slot, Parameter parameter)
    {
        long[] shape = [.. slot.Shape.Select(size => (long)size)];
        if (!parameter.shape.SequenceEqual(shape))
            throw new InvalidOperationException($"libtorch's {slot.Name} has shape [{string.Join(", ", parameter.shape)}]");
        var value = View(Parameters, slot, shape);
        var gradient = View(Gradient, slot, shape);
        using (no_grad())
            parameter.set_(value);
        parameter.grad = gradient;
        _views.Add(value);
        _views.Add(gradient);
    }

    private static Tensor View(Tensor flat, ParameterSlot slot, long[] shape)
    {
        using var part = flat.narrow(0, slot.Offset, slot.Length);
        return part.view(shape);
    }
}
