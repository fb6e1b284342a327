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

    public TorchNetwork(ModelSpec model, ParameterLayout layout, Device device)
    {
        Parameters = zeros(layout.Length, float32, device);
        Gradient = zeros(layout.Length, float32, device);
        int features = model.Embedding?.Size ?? model.InputSize!.Value;
        Embedding = model.Embedding is { } embedding ? nn.Embedding(embedding.Vocabulary!.Value, embedding.Size) : null;
        Layers = [.. Enumerable.Range(0, model.Layers)
            .Select(layer => new RecurrentLayer(model.Cell, layer == 0 ? features : model.HiddenSize, model.HiddenSize))];
        Head = nn.Linear(model.HiddenSize, model.OutputSize!.Value);
        foreach (var module in Modules())
            module.to(device);

        foreach (var slot in layout.Slots)
            Bind(ModuleOf(slot), slot);
        foreach (var tensor in _views.Append(Parameters).Append(Gradient))
            tensor.DetachFromDisposeScope();
    }

    /// <summary>Every parameter, one after another, <c>[Layout.Length]</c>.</summary>
    public Tensor Parameters { get; }

    /// <summary>Every gradient, at its parameter's place.</summary>
    public Tensor Gradient { get; }

    public Embedding? Embedding { get; }

    public IReadOnlyList<RecurrentLayer> Layers { get; }

    public Linear Head { get; }

    public void Dispose()
    {
        foreach (var module in Modules())
            module.Dispose();
        foreach (var view in _views)
            view.Dispose();
        Parameters.Dispose();
        Gradient.Dispose();
    }

    private IEnumerable<nn.Module> Modules() =>
        [.. Embedding is null ? Array.Empty<nn.Module>() : [Embedding], .. Layers.Select(layer => layer.Module), Head];

    private nn.Module ModuleOf(ParameterSlot slot) => slot.Name.Split('.')[0] switch
    {
        "embedding" => Embedding!,
        "head" => Head,
        _ => Layers[int.Parse(slot.Name[(slot.Name.LastIndexOf("_l", StringComparison.Ordinal) + 2)..],
            CultureInfo.InvariantCulture)].Module,
    };

    private void Bind(nn.Module module, ParameterSlot slot)
    {
        // Ours is rnn.weight_ih_l3, the one-layer module's own weight_ih_l0; embedding and head have plain names.
        string own = slot.Name[(slot.Name.IndexOf('.') + 1)..];
        own = own.LastIndexOf("_l", StringComparison.Ordinal) is var at and > 0 ? own[..at] + "_l0" : own;
        var parameter = module.get_parameter(own) ?? throw new InvalidOperationException($"libtorch's {module.GetName()} has no {own}");
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
