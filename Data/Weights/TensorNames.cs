using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>What tensors of a file are called here.</summary>
internal static class TensorNames
{
    /// <summary>
    /// What <c>DistributedDataParallel</c>, <c>torch.compile</c> and a module around the model put in front of every name.
    /// </summary>
    private static readonly string[] Wrappers = ["module.", "_orig_mod.", "model."];

    /// <summary>The name here, as far as the name alone says: after the spec's map, and without what wrappers put in front.</summary>
    public static string Here(string name, NameMap rename)
    {
        if (Renamed(name, rename) is { } renamed)
            return renamed;
        string bare = Bare(name);
        return Renamed(bare, rename) ?? bare;
    }

    /// <summary>The module of a tensor's name: <c>rnn</c> of <c>rnn.weight_ih_l0</c>; empty for a name without one.</summary>
    public static string ModuleOf(string name) => name.LastIndexOf('.') is >= 0 and int dot ? name[..dot] : "";

    /// <summary>A tensor's name in its module: <c>weight_ih_l0</c>.</summary>
    public static string OwnOf(string name) => name[(name.LastIndexOf('.') + 1)..];

    /// <summary>The tensors by module, in the order of the file.</summary>
    public static IReadOnlyDictionary<string, Dictionary<string, SafetensorsEntry>> Modules(
        IEnumerable<(string Name, SafetensorsEntry Tensor)> tensors)
    {
        var modules = new Dictionary<string, Dictionary<string, SafetensorsEntry>>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            if (!modules.TryGetValue(ModuleOf(name), out var module))
                modules.Add(ModuleOf(name), module = new(StringComparer.Ordinal));
            module.TryAdd(OwnOf(name), tensor);
        }

        return modules;
    }

    /// <summary>The name by the map; of several entries that fit the longest holds. Null where none fits.</summary>
    private static string? Renamed(string name, NameMap rename)
    {
        foreach (var (from, to) in rename.Pairs.OrderByDescending(pair => pair.Key.Length))
        {
            string module = from.TrimEnd('.');
            if (name == from)
                return to;
            if (module.Length > 0 && name.StartsWith(module + ".", StringComparison.Ordinal))
                return $"{to.TrimEnd('.')}{name[module.Length..]}";
        }

        return null;
    }

    private static string Bare(string name)
    {
        while (Wrappers.FirstOrDefault(wrapper => name.StartsWith(wrapper, StringComparison.Ordinal)) is { } wrapper)
            name = name[wrapper.Length..];
        return name;
    }
}
