using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>How the numbers of an initial weight are drawn.</summary>
public enum InitScheme
{
    /// <summary>As PyTorch does: uniform in ±1/√hiddenSize; of an embedding normal.</summary>
    Torch,

    /// <summary>Uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio, 2010).</summary>
    Xavier,

    /// <summary>Rows, or columns where there are fewer, that are orthogonal and of length 1 (Saxe, McClelland and Ganguli, 2014).</summary>
    Orthogonal,

    /// <summary>Uniform in ±0.1, as in PyTorch's word_language_model.</summary>
    Small,
}

/// <summary>How initial parameters are drawn, of each gate of a recurrent layer by itself.</summary>
public sealed record InitSpec
{
    private static readonly IReadOnlyList<Word<InitScheme>> Schemes =
    [
        new("torch", InitScheme.Torch, "as PyTorch does: uniform in ±1/√hiddenSize; of an embedding normal"),
        new("xavier", InitScheme.Xavier, "uniform in ±√(6 / (inputs + outputs))"),
        new("orthogonal", InitScheme.Orthogonal, "orthogonal rows, or columns where there are fewer, of length 1"),
        new("small", InitScheme.Small, "uniform in ±0.1"),
    ];

    /// <summary>As PyTorch does.</summary>
    public static InitSpec Torch { get; } = new();

    /// <summary><c>weight_ih</c>, of each gate by itself. Default as PyTorch.</summary>
    public InitScheme Input { get; init; }

    /// <summary><c>weight_hh</c>, of each gate by itself. Default as PyTorch.</summary>
    public InitScheme Recurrent { get; init; }

    /// <summary>The embedding of tokens, and those of columns of classes. Default as PyTorch.</summary>
    public InitScheme Embedding { get; init; }

    /// <summary><c>head.weight</c>. Default as PyTorch.</summary>
    public InitScheme Head { get; init; }

    /// <summary>The sum of both biases of the forget gate; null as the other biases. Default null.</summary>
    public double? ForgetBias { get; init; }

    /// <summary>Passes each key to a walk.</summary>
    internal static InitSpec Walk(SpecWalk walk, InitSpec init)
    {
        InitScheme Scheme(string key, InitScheme value, string about) =>
            walk.Word(key, value, about, Schemes, isWritten: value != InitScheme.Torch);

        return new()
        {
            Input = Scheme("input", init.Input, "`weight_ih`, each gate by itself"),
            Recurrent = Scheme("recurrent", init.Recurrent, "`weight_hh`, each gate by itself"),
            Embedding = Scheme("embedding", init.Embedding, "embeddings"),
            Head = Scheme("head", init.Head, "`head.weight`"),
            ForgetBias = walk.OptionalNumber(
                "forgetBias", init.ForgetBias, "what the biases of the forget gate (lstm, minlstm, slstm) add up to",
                NumberRange.NotNegative, "as other biases"),
        };
    }
}
