namespace Orleans.Tbptt.Specs;

/// <summary>The recurrent cell of every layer, with PyTorch's gate order and equations.</summary>
[GenerateSerializer]
public enum CellKind
{
    /// <summary>Long short-term memory, <c>torch.nn.LSTM</c>.</summary>
    Lstm,

    /// <summary>Gated recurrent unit, <c>torch.nn.GRU</c>.</summary>
    Gru,

    /// <summary>Plain recurrent cell with tanh, <c>torch.nn.RNN</c>.</summary>
    Rnn,
}

/// <summary>The network: an optional embedding, a stack of recurrent layers, a linear head at every time step.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.ModelSpec")]
public sealed record ModelSpec
{
    /// <summary>The cell of every layer. Default <see cref="CellKind.Lstm"/>.</summary>
    [Id(0)] public CellKind Cell { get; init; } = CellKind.Lstm;

    /// <summary>Features of one time step, or of one embedded token. Null until the data source has told it.</summary>
    [Id(1)] public int? InputSize { get; init; }

    /// <summary>Units of each recurrent layer.</summary>
    [Id(2)] public required int HiddenSize { get; init; }

    /// <summary>Recurrent layers, one on top of the other. Default 1.</summary>
    [Id(3)] public int Layers { get; init; } = 1;

    /// <summary>Outputs of the linear head: target values, or classes. Null until the data source has told it.</summary>
    [Id(4)] public int? OutputSize { get; init; }

    /// <summary>The embedding that token inputs pass through; null for inputs that are values.</summary>
    [Id(5)] public EmbeddingSpec? Embedding { get; init; }

    /// <summary>
    /// The share of units, in [0, 1), that is dropped between one recurrent layer and the next while training. Default 0.
    /// </summary>
    [Id(6)] public double Dropout { get; init; }

    /// <summary>Absolute path of a safetensors file with the initial weights; null to draw them from the seed as PyTorch would.</summary>
    [Id(7)] public string? InitFrom { get; init; }
}

/// <summary>A table of one learned vector per token.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.EmbeddingSpec")]
public sealed record EmbeddingSpec
{
    /// <summary>The number of different tokens. Null until the data source has told it.</summary>
    [Id(0)] public int? Vocabulary { get; init; }

    /// <summary>The length of a token's vector: what the first recurrent layer takes as input.</summary>
    [Id(1)] public required int Size { get; init; }
}
