namespace Orleans.Tbptt.Specs;

/// <summary>
/// Rules that a spec can break by itself or only together with its data. The code that finds it first reports it, in the same words.
/// </summary>
public static class SpecFit
{
    /// <summary>
    /// The most parameters a model may have: 1 GB of weights, as much again of gradients, and two to three times that of optimizer state.
    /// </summary>
    public const int LargestModel = 250_000_000;

    /// <summary>That a model is too large; null when it is not. Sizes that are still to come from the data count as 1.</summary>
    public static SpecProblem? Size(ModelSpec model)
    {
        ModelSpec least = model with
        {
            InputSize = model.InputSize ?? 1,
            OutputSize = model.OutputSize ?? 1,
            Embedding = model.Embedding is { } embedding ? embedding with { Vocabulary = embedding.Vocabulary ?? 1 } : null,
        };
        Int128 parameters = ParameterLayout.Count(least);
        if (parameters <= LargestModel)
            return null;
        string atLeast = least == model ? "" : "at least ";
        return new(
            "model.hiddenSize",
            FormattableString.Invariant($"{model.HiddenSize}, which makes a model of {atLeast}{parameters:N0} parameters"),
            FormattableString.Invariant($"a model of {LargestModel:N0} parameters or less"),
            "lower hiddenSize, layers or the other sizes");
    }

    /// <summary>That a loss is for the other kind of targets; null when it fits.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="classes">Whether the source's targets are classes.</param>
    public static SpecProblem? Loss(RunSpec spec, bool classes)
    {
        LossSpec loss = spec.Train.Loss;
        if (loss.OfClasses == classes)
            return null;
        string[] fitting = [.. loss.Others
            .Where(other => other.OfClasses == classes && !other.NeedsWholeSequences).Select(other => other.Word)];
        return new(
            "train.loss", $"{loss.Word} with source {Source(spec)}",
            $"{Show.Or(fitting)}, because the targets are {(classes ? "classes" : "values")}",
            fitting.Length == 1 ? $"write {fitting[0]}" : "choose one of them");
    }

    /// <summary>That an embedding is missing, or has nothing to embed; null when it fits.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="tokens">Whether the source's inputs are tokens.</param>
    public static SpecProblem? Embedding(RunSpec spec, bool tokens) => (spec.Model.Embedding, tokens) switch
    {
        (null, true) => new(
            "model.embedding", "nothing", $"an embedding, because the inputs of source {Source(spec)} are tokens",
            "add embedding: {size: 64} to model" + (spec.Data.Source.HasTokens is null
                ? "; if they are values, save them as floats: array.astype('float32')" : "")),
        (not null, false) => new(
            "model.embedding", $"an embedding with source {Source(spec)}", "none, because the inputs are values",
            "remove it; bytes, texts and arrays of whole numbers have tokens"),
        _ => null,
    };

    /// <summary>That vectors are to be dropped where there are none; null when it fits. The columns of classes are known.</summary>
    public static SpecProblem? DroppedVectors(ModelSpec model) =>
        model.Dropout.Embedding > 0 && !HasVectors(model)
            ? new(
                "model.dropout.embedding", FormattableString.Invariant($"{model.Dropout.Embedding} where inputs are values alone"),
                "tokens, or columns of classes (data.categorical)", "remove it; input drops values")
            : null;

    /// <summary>That vectors are to be drawn where there are none; null when it fits. The columns of classes are known.</summary>
    public static SpecProblem? InitialVectors(ModelSpec model) =>
        model.Init.Embedding != InitScheme.Torch && !HasVectors(model)
            ? new(
                "model.init.embedding", "it where inputs are values alone", "tokens, or columns of classes (data.categorical)", "remove it")
            : null;

    /// <summary>Why the head's weight cannot be the embedding's; null where it can. Sizes that are still to come are passed over.</summary>
    public static SpecProblem? Tied(ModelSpec model)
    {
        if (!model.TieWeights)
            return null;
        const string Key = "model.tieWeights", Remedy = "remove it";
        if (model.Embedding is not { } embedding)
            return new(Key, "true without an embedding of tokens", "model.embedding, whose weight is the head's", Remedy);
        if (embedding.Size != model.LayerOutputs)
        {
            return new("model.embedding.size", $"{embedding.Size} with tieWeights",
                $"{model.LayerOutputs}, which is {(model.Cell.Projection is null ? "hiddenSize" : "projectionSize")}",
                $"write {model.LayerOutputs}, or {Remedy}");
        }

        return model.OutputSize is { } output && embedding.Vocabulary is { } vocabulary && output != vocabulary
            ? new(Key, $"true with {output} outputs and {vocabulary} tokens", "as many of one as of the other", Remedy) : null;
    }

    private static bool HasVectors(ModelSpec model) => model.Embedding is not null || model.Embeddings.Pairs.Count > 0;

    private static string Source(RunSpec spec) => spec.Data.Source.Word;
}
