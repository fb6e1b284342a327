using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Whether a run's model, and how its data are read, are those of another model, whose parameters it takes.</summary>
/// <param name="owner">Whose model that is, in words.</param>
/// <param name="otherwise">What else to do than to correct a key.</param>
/// <param name="problems">Collects how they differ.</param>
internal sealed class SameModel(string owner, string otherwise, ProblemList problems)
{
    /// <summary>A model with the sizes of the other one, where it leaves them out.</summary>
    public static ModelSpec Sized(ModelSpec model, ModelSpec parent) => model with
    {
        InputSize = model.InputSize ?? parent.InputSize,
        OutputSize = model.OutputSize ?? parent.OutputSize,
        Embedding = model.Embedding is { Vocabulary: null } own ? own with { Vocabulary = parent.Embedding?.Vocabulary } : model.Embedding,
        Embeddings = model.Embeddings.Pairs.Count == 0 ? parent.Embeddings : model.Embeddings,
        Classes = model.Classes.Pairs.Count == 0 ? parent.Classes : model.Classes,
    };

    /// <summary>Compares two specs, every key by which parameters mean what they meant.</summary>
    public void Check(RunSpec spec, RunSpec other)
    {
        (ModelSpec now, ModelSpec then) = (spec.Model, other.Model);
        if (spec.Data.Source is TableSource table && other.Data.Source is TableSource read)
            CompareColumns(table, read);
        Compare("model.cell", now.Cell, then.Cell, cell => now.Cell.Word == then.Cell.Word ? $"{cell}" : cell.Word);
        Compare("model.inputSize", now.InputSize, then.InputSize);
        Compare("model.hiddenSize", now.HiddenSize, then.HiddenSize);
        Compare("model.layers", now.Layers, then.Layers);
        Compare("model.dropout.zoneout", now.Dropout.Zoneout, then.Dropout.Zoneout);
        Compare("model.dropout.zoneoutCell", now.Dropout.ZoneoutCell, then.Dropout.ZoneoutCell);
        Compare("model.layerNorm", now.LayerNorm, then.LayerNorm);
        Compare("model.residual", now.Residual, then.Residual);
        Compare("model.tieWeights", now.TieWeights, then.TieWeights);
        Compare("model.bidirectional", now.Bidirectional, then.Bidirectional, value => value ? "true" : "false");
        Compare("model.learnInitialState", now.LearnInitialState, then.LearnInitialState);
        Compare("model.outputSize", now.OutputSize, then.OutputSize);
        Compare("model.embedding", now.Embedding, then.Embedding, one => one is null ? "none" : $"{one.Vocabulary} tokens of {one.Size}");
        Compare("model.embeddings", now.Embeddings, then.Embeddings, Names);
        Compare("model.classes", now.Classes, then.Classes, Names);

        static string Names(NamedValues<int> values) =>
            values.Pairs.Count == 0 ? "none" : string.Join(", ", values.Pairs.Select(pair => $"{pair.Key} {pair.Value}"));
    }

    /// <summary>Adds a problem where two values differ.</summary>
    public void Compare<T>(string key, T one, T other, Func<T, string>? show = null)
    {
        if (!EqualityComparer<T>.Default.Equals(one, other))
        {
            show ??= value => $"{value}";
            problems.Add(key, show(one), $"{show(other)}, as in {owner}", $"correct it, or {otherwise}");
        }
    }

    // Lists that are left out are taken from what the other model read.
    private void CompareColumns(TableSource one, TableSource other)
    {
        CompareNames(DataKeys.Inputs, one.Inputs, other.Inputs);
        CompareNames(DataKeys.Targets, one.Targets, other.Targets);
        CompareNames("data.known", one.Known, other.Known);
        CompareNames("data.static", one.Static, other.Static);
        CompareNames("data.categorical", one.Categorical, other.Categorical);
        Compare("data.transform", Transforms(one), Transforms(other));
        Compare(
            "data.horizon", (one.Horizon, one.Farthest), (other.Horizon, other.Farthest),
            rows => rows.Horizon == rows.Farthest ? $"{rows.Horizon}" : $"{rows.Horizon}..{rows.Farthest}");
        Compare("data.missingValues", one.MissingValues, other.MissingValues, value => $"{value}".ToLowerInvariant());
        Compare("data.scale", one.Scale, other.Scale, value => $"{value}".ToLowerInvariant());
        Compare("data.standardize", one.Standardize, other.Standardize, value => value ? "true" : "false");
    }

    private void CompareNames(string key, IReadOnlyList<string> one, IReadOnlyList<string> other)
    {
        if (one.Count > 0)
            Compare(key, string.Join(", ", one), string.Join(", ", other));
    }

    private static string Transforms(TableSource source) => source.Transform.Pairs.Count == 0 ? "none"
        : string.Join(", ", source.Transform.Pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => $"{pair.Key} {$"{pair.Value}".ToLowerInvariant()}"));
}
