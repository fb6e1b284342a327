using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>The network: an optional embedding, a stack of recurrent layers, a linear head at every time step.</summary>
public sealed record ModelSpec
{
    /// <summary>The cell of every layer.</summary>
    public required CellSpec Cell { get; init; }

    /// <summary>
    /// Features of one time step, the vectors of columns of classes included, or of one embedded token. Null until the data source has
    /// given it.
    /// </summary>
    public int? InputSize { get; init; }

    /// <summary>Units of each recurrent layer.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Recurrent layers, one on top of the other. Default 1.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>
    /// Whether each layer runs over a sequence in both directions, and gives the next one, or the head, the h of both next to each other,
    /// as <c>torch.nn.LSTM(bidirectional=True)</c>. No state is carried from chunk to chunk then. Default false.
    /// </summary>
    public bool Bidirectional { get; init; }

    /// <summary>
    /// Numbers that a layer gives to the next one, or to the head: its h, of both directions where there are two. An h has as many as the
    /// layer has units, unless the cell projects them.
    /// </summary>
    public int LayerOutputs => checked(Cell.Outputs(HiddenSize) * (Bidirectional ? 2 : 1));

    /// <summary>What a layer is called: <c>layer</c>, or <c>bidirectional layer</c>.</summary>
    public string LayerNoun => NounOf(Bidirectional);

    /// <summary>Outputs of the linear head: target values, or classes. Null until the data source has given it.</summary>
    public int? OutputSize { get; init; }

    /// <summary>The embedding that token inputs pass through; null for inputs that are values.</summary>
    public EmbeddingSpec? Embedding { get; init; }

    /// <summary>The length of the vector of each input column of classes, by name; completed when the data source is opened.</summary>
    public NamedValues<int> Embeddings { get; init; } = new([]);

    /// <summary>How many classes each of these columns has, <c>&lt;unknown&gt;</c> included; completed as they are.</summary>
    public NamedValues<int> Classes { get; init; } = new([]);

    /// <summary>The embeddings of tokens, or of columns of classes in their order; empty for none. Their sizes are known.</summary>
    public IReadOnlyList<EmbeddingShape> Tables => Embedding is { } embedding
        ? [new("embedding.weight", embedding.Vocabulary ?? throw Unresolved("embedding.vocabulary"), embedding.Size)]
        : [.. Embeddings.Pairs.Select(column => new EmbeddingShape(
            $"embedding.{column.Key}.weight", Classes.Of(column.Key, 0) is > 0 and var classes ? classes : throw Unresolved("classes"),
            column.Value))];

    /// <summary>Features of one time step that are values, and no vectors of an embedding. The sizes are known.</summary>
    public int ValueInputs => (InputSize ?? Embedding?.Size ?? throw Unresolved("inputSize")) - Tables.Sum(table => table.Size);

    /// <summary>
    /// Whether the head's weight is the embedding's of tokens: one parameter, <c>embedding.weight</c>. Default false.
    /// </summary>
    public bool TieWeights { get; init; }

    /// <summary>
    /// Whether what each layer gives to the next one, and the last one to the head, is its h normalised over the units
    /// (<c>torch.nn.LayerNorm</c>; Ba, Kiros and Hinton, 2016); the state that is carried is not. Default false.
    /// </summary>
    public bool LayerNorm { get; init; }

    /// <summary>Whether each layer but the first adds its inputs to what it gives to the next one, or to the head. Default false.</summary>
    public bool Residual { get; init; }

    /// <summary>
    /// Whether the state with which a sequence starts is learned, h and c of each layer: parameters, <c>initial.h_lN</c> and
    /// <c>initial.c_lN</c>, that begin as zeros. Default false: it is zero.
    /// </summary>
    public bool LearnInitialState { get; init; }

    /// <summary>How initial parameters are drawn. Default as PyTorch does.</summary>
    public InitSpec Init { get; init; } = InitSpec.Torch;

    /// <summary>What is dropped while training; a number is a share between one layer and the next. Default nothing.</summary>
    public DropoutSpec Dropout { get; init; } = DropoutSpec.None;

    /// <summary>Absolute path of a safetensors file with the initial weights; null to draw them from the seed as PyTorch would.</summary>
    public string? InitFrom { get; init; }

    /// <summary>
    /// Names in that file, or the modules that they begin with, each with the one that it has here. Default none.
    /// </summary>
    public NameMap Rename { get; init; } = NameMap.None;

    /// <summary>What a layer is called.</summary>
    /// <param name="bidirectional">Whether it runs in both directions.</param>
    public static string NounOf(bool bidirectional) => bidirectional ? "bidirectional layer" : "layer";

    private static InvalidOperationException Unresolved(string key) => new($"model.{key} is not resolved");
}

/// <summary>The shape of an embedding: a table of one learned vector for each token, or each class of a column.</summary>
/// <param name="Name">The parameter's name, such as <c>embedding.weight</c> or <c>embedding.store.weight</c>.</param>
/// <param name="Classes">How many tokens or classes there are.</param>
/// <param name="Size">The length of a vector.</param>
public sealed record EmbeddingShape(string Name, int Classes, int Size);

/// <summary>A table of one learned vector per token.</summary>
public sealed record EmbeddingSpec
{
    /// <summary>The number of different tokens. Null until the data source has given it.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>The length of a token's vector: what the first recurrent layer takes as input.</summary>
    public required int Size { get; init; }
}
