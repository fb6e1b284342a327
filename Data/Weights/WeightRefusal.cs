using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>Words why a file's tensors are not a model's parameters: each cause once, with the key to write.</summary>
/// <param name="path">The file.</param>
/// <param name="model">The model.</param>
internal sealed class WeightRefusal(string path, ModelSpec model)
{
    private readonly List<SpecProblem> _problems = [];
    private readonly List<(string Module, ParameterSlot[] Slots, string[] Candidates)> _missing = [];
    private SafetensorsEntry[] _spare = [];

    /// <summary>What was added.</summary>
    public IReadOnlyList<SpecProblem> Problems => [.. _problems, .. Names()];

    /// <summary>Several tensors that would have one name here.</summary>
    public void AddTwice(string name, string[] tensors) => Add(
        $"{Wording.List(tensors)} in {path}, which are all {Wording.Quote(name)} here", "one tensor for each parameter",
        "save the weights of one model, or tell them apart with model.rename");

    /// <summary>Tensors of another shape.</summary>
    public void AddShapes(TensorPair[] pairs)
    {
        if (pairs is not [var first, ..])
            return;
        Add($"{Wording.Quote(first.Tensor.Name)} of shape {Wording.Shape(first.Tensor.Shape)}{More(pairs.Length)} in {path}",
            $"{Wording.Quote(first.Slot.Name)} of shape {Wording.Shape([.. first.Slot.Shape.Select(size => (long)size)])}", Sizes(pairs));
    }

    /// <summary>Tensors of a type that is no real number.</summary>
    public void AddTypes(TensorPair[] pairs)
    {
        if (pairs is [var first, ..])
        {
            Add($"{Wording.Quote(first.Tensor.Name)} of type {first.Tensor.DType}{More(pairs.Length)} in {path}",
                $"tensors of type {string.Join(", ", WeightFile.Types)}",
                "convert them in Python: .float() on each tensor, and save again");
        }
    }

    /// <summary>A module of which the file has no tensors, or several that could be it.</summary>
    public void AddMissing(string module, ParameterSlot[] slots, string[] candidates) => _missing.Add((module, slots, candidates));

    /// <summary>Tensors that are no parameter of the model.</summary>
    public void AddSpare(SafetensorsEntry[] tensors) => _spare = tensors;

    private IEnumerable<SpecProblem> Names()
    {
        if (_missing.Count == 0 && _spare.Length == 0)
            yield break;
        string[] spare = [.. _spare.Select(tensor => tensor.Name)];
        if (spare.Any(IsReverse) && !model.Bidirectional)
        {
            yield return new(DataKeys.InitFrom, $"{Wording.List([.. spare.Where(IsReverse)])} in {path}",
                "the tensors of layers of one direction", "write model.bidirectional: true, or use weights of this model");
            yield break;
        }

        if (_missing.Count == 0)
        {
            yield return new(DataKeys.InitFrom, $"{Wording.List(spare)} in {path}, which this model does not have",
                "the tensors of this model alone",
                $"{(Layers(spare) is { } more ? $"write model.layers: {more + 1}, or " : "")}save those of this model only");
            yield break;
        }

        string[] missing = [.. _missing.SelectMany(one => one.Slots).Select(slot => slot.Name)];
        string own = missing.All(IsReverse) ? "write model.bidirectional: false, or use weights of this model"
            : Layers(missing) is { } least and > 0 ? $"write model.layers: {least}, or use weights of this model"
            : "use weights of this model, or change the model";
        yield return new(DataKeys.InitFrom, spare.Length == 0 ? $"none of them in {path}" : $"{Wording.List(spare)} in {path}",
            $"tensors {Wording.List(missing)}", spare.Length == 0 ? own : $"write {Renaming()} under model, by what they are");
    }

    private static bool IsReverse(string name) => name.EndsWith(ParameterLayout.Reverse, StringComparison.Ordinal);

    /// <summary>
    /// The least layer of some tensors where all are a layer's, of the model's own names; of tensors that the model lacks the largest.
    /// </summary>
    private int? Layers(string[] names)
    {
        int[] layers = [.. names.Where(name => name.StartsWith("rnn.", StringComparison.Ordinal))
            .Select(name => int.TryParse(name[(name.LastIndexOf("_l", StringComparison.Ordinal) + 2)..], out int layer) ? layer : -1)];
        return layers.Length != names.Length || layers.Contains(-1) ? null : _missing.Count > 0 ? layers.Min() : layers.Max();
    }

    /// <summary>The key, with the file's own modules where it is clear which are meant, and else with an example.</summary>
    private string Renaming()
    {
        string[] modules = [.. _spare.Select(tensor => TensorNames.ModuleOf(TensorNames.Here(tensor.Name, model.Rename))).Distinct()];
        var pairs = _missing.Select(one => (From: one.Candidates is [var first, ..] ? first : Likely(one.Slots), To: one.Module))
            .Where(pair => pair.From is not null).ToList();
        if (pairs.Count == 0)
            return $"rename: {{{(modules is [var other, ..] && other.Length > 0 ? other : "lstm")}: {_missing[0].Module}}}";
        string several = string.Concat(_missing.Where(one => one.Candidates.Length > 1)
            .Select(one => $" ({one.Module} can be {string.Join(" or ", one.Candidates)})"));
        return $"rename: {{{string.Join(", ", pairs.Select(pair => $"{Show(pair.From!)}: {pair.To}"))}}}{several}";

        string? Likely(ParameterSlot[] slots) => modules.FirstOrDefault(module => _spare.Any(tensor =>
            TensorNames.ModuleOf(TensorNames.Here(tensor.Name, model.Rename)) == module
            && slots.Any(slot => TensorNames.OwnOf(slot.Name) == TensorNames.OwnOf(tensor.Name))));

        static string Show(string module) => module.Contains('.') || module.Length == 0 ? $"\"{module}\"" : module;
    }

    /// <summary>The keys that a file's shapes ask for; without any, that it is another model.</summary>
    private string Sizes(TensorPair[] pairs)
    {
        var keys = new List<string>();
        foreach (var (slot, tensor) in pairs)
        {
            if (tensor.Shape is not [var rows, var columns])
                continue;
            string own = TensorNames.OwnOf(slot.Name);
            if (own.StartsWith("weight_hr_l", StringComparison.Ordinal))
            {
                Key("cell.projectionSize", rows, model.Cell.Projection);
                Key("hiddenSize", columns, model.HiddenSize);
            }
            else if (own.StartsWith("weight_hh_l", StringComparison.Ordinal) && columns > 0 && model.Cell.Projection is null)
            {
                Key("hiddenSize", columns, model.HiddenSize);
                string? cell = (rows / columns) switch { 4 => "lstm", 3 => "gru", 1 => "rnn", _ => null };
                if (cell is not null && rows / columns != model.Cell.Gates)
                    keys.Add($"model.cell: {cell}");
            }
            else if (model.Embeddings.Pairs.FirstOrDefault(pair => slot.Name == $"embedding.{pair.Key}.weight") is { Key: { } column } pair)
            {
                if (rows > slot.Shape[0])
                    keys.Add($"model.classes: {{{column}: {rows}}}");
                if (columns != pair.Value)
                    keys.Add($"model.embeddings: {{{column}: {columns}}}");
            }
            else if (own == "weight_ih_l0" && model.Embedding is null && model.Embeddings.Pairs.Count == 0)
                Key("inputSize", columns, model.InputSize);
            else if (slot.Name == "head.weight")
                Key("outputSize", rows, model.OutputSize);
        }

        return keys.Count == 0 ? "use weights of this model, or change the model"
            : $"write {string.Join(" and ", keys.Distinct())}, which the file's shapes ask for, or use weights of this model";

        void Key(string name, long found, int? here)
        {
            if (found != here)
                keys.Add($"model.{name}: {found}");
        }
    }

    private static string More(int count) => count == 1 ? "" : $" and {count - 1} more of another one";

    private void Add(string found, string expected, string remedy) => _problems.Add(new(DataKeys.InitFrom, found, expected, remedy));
}
