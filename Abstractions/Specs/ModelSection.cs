using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>The keys of <c>model</c>, in the order in which they are written; those of cells stand with the cells.</summary>
internal static class ModelSection
{
    /// <summary>Passes each key to a walk.</summary>
    public static ModelSpec Walk(SpecWalk walk, ModelSpec model, IReadOnlyList<CellSpec> cells) => model with
    {
        Cell = walk.Choice("cell", model.Cell, "the recurrent cell", cells),
        InputSize = walk.OptionalCount("inputSize", model.InputSize, "features of a time step", "from the data"),
        HiddenSize = walk.Count("hiddenSize", model.HiddenSize, "units of a layer", required: true),
        Layers = walk.Count("layers", model.Layers, "recurrent layers, one on top of the other", max: 1000),
        Bidirectional = walk.Flag(
            "bidirectional", model.Bidirectional,
            "each layer runs over a whole sequence in both directions, as `torch.nn.LSTM(bidirectional=True)`; needs "
                + "`tbptt.backprop: full` ([toolbox.md](toolbox.md#models-of-whole-sequences))",
            isWritten: model.Bidirectional),
        OutputSize =
            walk.OptionalCount("outputSize", model.OutputSize, "outputs of the linear head: target values or classes", "from the data"),
        Embedding = walk.OptionalSection("embedding", model.Embedding, "for inputs that are tokens", "size", new EmbeddingSpec { Size = 1 },
            Embedding),
        Embeddings = walk.CountsByName(
            "embeddings", model.Embeddings, "of columns of classes (`data.categorical`): the length of a class's vector, `{store: 4}`",
            "column", "1.6 × classes^0.56, 600 at most"),
        Classes = walk.CountsByName(
            "classes", model.Classes, "how many classes each of these columns has, `<unknown>` included", "column", "from the data"),
        Dropout = walk.NumberOrSection(
            "dropout", model.Dropout, "share dropped between one layer and the next while training, or a section of what is dropped",
            NumberRange.Share, dropout => dropout.AsNumber(), DropoutSpec.FromDouble, DropoutSpec.Walk),
        LayerNorm = walk.Flag(
            "layerNorm", model.LayerNorm,
            "what a layer gives to the next one, or to the head, is normalised over its units (`torch.nn.LayerNorm`); the state is not",
            isWritten: model.LayerNorm),
        Residual = walk.Flag(
            "residual", model.Residual, "each layer but the first adds its inputs to what it gives to the next one, or to the head",
            isWritten: model.Residual),
        TieWeights = walk.Flag(
            "tieWeights", model.TieWeights,
            "the head's weight is the embedding's, one parameter; `embedding.size` is `hiddenSize` (or `projectionSize`) then, "
                + "and `outputSize` the vocabulary",
            isWritten: model.TieWeights),
        LearnInitialState = walk.Flag(
            "learnInitialState", model.LearnInitialState,
            "the hidden state with which a sequence starts is learned, as parameters that begin as zeros; otherwise it is zero",
            isWritten: model.LearnInitialState),
        Init = walk.OptionalSection(
            "init", model.Init, "how initial parameters are drawn ([toolbox.md](toolbox.md#initial-parameters))",
            "input, recurrent, embedding, head or forgetBias", InitSpec.Torch, InitSpec.Walk, isWritten: model.Init != InitSpec.Torch)!,
        InitFrom = walk.Text(
            "initFrom", model.InitFrom,
            "a safetensors file with initial weights ([below](#weights-from-elsewhere)), or the directory of a model package, of which " +
            "columns, scaling and vocabulary are taken, too; names here are `embedding.weight`, `rnn.weight_ih_l0`, …, `head.bias`",
            TextForms.InitFrom),
        Rename = walk.Names(
            "rename", model.Rename,
            "names in that file, or the modules that they begin with, each with the one here: `{lstm: rnn, fc: head}`",
            "name"),
    };

    private static EmbeddingSpec Embedding(SpecWalk walk, EmbeddingSpec embedding) => embedding with
    {
        Vocabulary = walk.OptionalCount("vocabulary", embedding.Vocabulary, "how many different tokens there are", "from the data"),
        Size = walk.Count("size", embedding.Size, "the length of a token's vector", required: true),
    };
}
