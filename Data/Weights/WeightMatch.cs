using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>A tensor of a file and the parameter that it becomes.</summary>
internal readonly record struct TensorPair(ParameterSlot Slot, SafetensorsEntry Tensor);

/// <summary>
/// Finds the tensor of each parameter in a file that any program may have written: by its name, else by its module, where the shapes fit
/// one way only.
/// </summary>
/// <param name="Pairs">The tensor of each parameter; complete where there are no refusals.</param>
/// <param name="Taken">The modules that were taken for others by their shapes: the file's, then the one here.</param>
/// <param name="Refusals">Why the file cannot be read, each cause once.</param>
internal sealed record WeightMatch(
    IReadOnlyList<TensorPair> Pairs, IReadOnlyList<KeyValuePair<string, string>> Taken, IReadOnlyList<SpecProblem> Refusals)
{
    /// <summary>What was not as this program writes it, in one line; null for a file of its own.</summary>
    public string? Note
    {
        get
        {
            string[] types = [.. Pairs.Select(pair => pair.Tensor.DType).Where(type => type != SafetensorsFile.DType).Distinct()];
            string?[] notes =
            [
                types.Length == 0 ? null : $"{string.Join(" and ", types)} converted to float32"
                    + (types.Contains("F64") ? ", rounded to nearest, ties to even" : ""),
                Taken.Count == 0 ? null
                    : $"{string.Join(", ", Taken.Select(pair => $"{(pair.Key.Length == 0 ? "names without a module" : $"{pair.Key}.*")} "
                        + $"read as {pair.Value}.*"))}, because shapes fit this way only",
                Pairs.Any(pair => pair.Tensor.Name != pair.Slot.Name && pair.Tensor.Name != ParameterLayout.HeadWeight)
                    && Taken.Count == 0 ? "read under other names" : null,
            ];
            string note = string.Join("; ", notes.OfType<string>());
            return note.Length == 0 ? null : note;
        }
    }

    /// <summary>Matches a file's tensors with a model's parameters.</summary>
    /// <param name="header">The file's header.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="model">The model, every size known.</param>
    public static WeightMatch Of(SafetensorsHeader header, string path, ModelSpec model)
    {
        ParameterLayout layout = ParameterLayout.Of(model);
        var refusal = new WeightRefusal(path, model);
        (string Name, SafetensorsEntry Tensor)[] tensors =
            [.. header.Tensors.Select(tensor => (TensorNames.Here(tensor.Name, model.Rename), tensor))];
        foreach (var same in tensors.GroupBy(tensor => tensor.Name).Where(same => same.Count() > 1))
            refusal.AddTwice(same.Key, [.. same.Select(tensor => tensor.Tensor.Name)]);

        var found = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
            found.TryAdd(name, tensor);
        var pairs = new List<TensorPair>();
        var missing = new List<ParameterSlot>();
        foreach (ParameterSlot slot in layout.Slots)
        {
            if (found.Remove(slot.Name, out SafetensorsEntry? tensor))
                pairs.Add(new(slot, tensor));
            else
                missing.Add(slot);
        }

        // A state dict of PyTorch has a tied weight under both names.
        ParameterSlot? tied = model.TieWeights ? layout.Slots.Single(slot => slot.Name == layout.Head) : null;
        if (tied is not null && found.Remove(ParameterLayout.HeadWeight, out SafetensorsEntry? head))
            pairs.Add(new(tied, head));

        var taken = new List<KeyValuePair<string, string>>();
        var left = TensorNames.Modules(found.Select(pair => (pair.Key, pair.Value))).ToDictionary(StringComparer.Ordinal);

        // Last the module whose weight the head has, too: safetensors' save_model writes a weight that two modules share once, under the
        // name that comes first.
        foreach (var module in missing.GroupBy(slot => TensorNames.ModuleOf(slot.Name)).OrderBy(slots => slots.Any(IsTied)).ToList())
        {
            ParameterSlot[] slots = [.. module];
            var read = left.ToDictionary(other => other.Key, other => Alike(slots, module.Key == "head" ? tied : null, other.Value));
            string[] alike = [.. left.Keys.Where(other => read[other].Count > 0)];
            string[] fitting = [.. alike.Where(other => read[other].All(pair => Fits(pair.Slot, pair.Tensor)))];
            if (alike.Length == 0 && slots.All(slot => IsTied(slot) && pairs.Any(pair => IsTied(pair.Slot))))
                continue;
            if (fitting is not [var only] && (fitting.Length > 0 || alike.Length != 1))
            {
                refusal.AddMissing(module.Key, slots, fitting.Length > 0 ? fitting : alike);
                continue;
            }

            // One that is alike in names, and not in shapes, is refused for its shapes.
            string chosen = fitting.Length == 1 ? fitting[0] : alike[0];
            taken.Add(new(chosen, module.Key));
            pairs.AddRange(read[chosen]);
            left.Remove(chosen);
        }

        refusal.AddShapes([.. pairs.Where(pair => !Fits(pair.Slot, pair.Tensor))]);
        refusal.AddTypes([.. pairs.Where(pair => !WeightFile.Reads(pair.Tensor.DType))]);
        refusal.AddSpare([.. left.Values.SelectMany(module => module.Values).OrderBy(tensor => tensor.Offset)]);
        return new(pairs, [.. taken.OrderBy(module => PlaceOf(module.Value))], refusal.Problems);

        int PlaceOf(string module) => layout.Slots.TakeWhile(slot => TensorNames.ModuleOf(slot.Name) != module).Count();
        bool IsTied(ParameterSlot slot) => tied is { } shared && slot.Name == shared.Name;
    }

    /// <summary>The tensors of a module that has the same names, with or without the weight that is tied; else nothing.</summary>
    private static List<TensorPair> Alike(
        ParameterSlot[] slots, ParameterSlot? tied, Dictionary<string, SafetensorsEntry> module)
    {
        if (!slots.All(slot => module.ContainsKey(TensorNames.OwnOf(slot.Name))))
            return [];
        List<TensorPair> pairs = [.. slots.Select(slot => new TensorPair(slot, module[TensorNames.OwnOf(slot.Name)]))];
        if (tied is not null && module.TryGetValue(TensorNames.OwnOf(ParameterLayout.HeadWeight), out SafetensorsEntry? weight))
            pairs.Add(new(tied, weight));
        return pairs.Count == module.Count ? pairs : [];
    }

    private static bool Fits(ParameterSlot slot, SafetensorsEntry tensor) =>
        tensor.Shape.SequenceEqual(slot.Shape.Select(size => (long)size));
}
