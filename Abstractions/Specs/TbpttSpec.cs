namespace Orleans.Tbptt.Specs;

/// <summary>How a sequence is cut along time, and how far back gradients reach. Exactly one of the first two members is set.</summary>
public sealed record TbpttSpec
{
    /// <summary>Time steps of a chunk (k, k1): a sequence of length L takes ceil(L / k) chunks, the last one shorter.</summary>
    public int? ChunkLength { get; init; }

    /// <summary>How chunk lengths are drawn around <see cref="ChunkLength"/>; null for chunks of that length.</summary>
    public RandomLengthSpec? RandomLength { get; init; }

    /// <summary>
    /// Chunks of a sequence, cut as <c>torch.tensor_split(n)</c> does: the first L mod n chunks hold one time step more than the rest.
    /// </summary>
    public int? ChunkCount { get; init; }

    /// <summary>
    /// Time steps at the start of each training sequence that only warm up the hidden state and have no part in the loss. What is held out
    /// is evaluated from its first time step on, so that losses of runs with another number compare. Default 0.
    /// </summary>
    public int BurnIn { get; init; }

    /// <summary>How far back the gradient of a step reaches. Default: to the start of its chunk.</summary>
    public BackpropSpec Backprop { get; init; } = Backprops.All[0];

    /// <summary>The most time steps of a lane in one step; null where only the data determine it.</summary>
    public int? LongestStep => this switch
    {
        { Backprop.IsFull: true } => null,
        { ChunkLength: { } mean, RandomLength: { } random } => random.Longest(mean),
        _ => ChunkLength * WindowChunks,
    };

    /// <inheritdoc cref="BackpropSpec.WindowChunks"/>
    public int WindowChunks => ChunkLength is { } length ? Backprop.WindowChunks(length) : 1;
}
