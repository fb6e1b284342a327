namespace Orleans.Tbptt.Specs;

/// <summary>
/// Back to the start of the sequence: a step is a whole sequence of each lane. Where the engine works piece by piece, a piece has
/// <see cref="TbpttSpec.ChunkLength"/> time steps, on which no bit of the result depends.
/// </summary>
public sealed record FullBackprop : BackpropSpec
{
    /// <summary>
    /// Time steps of a chunk of what is held out. It is no key, because with another one losses of held-out data would be summed in another
    /// order.
    /// </summary>
    public const int HeldOutChunk = 256;

    /// <inheritdoc/>
    public override string Word => "full";

    /// <inheritdoc/>
    public override string About => "to the start of the sequence: a step is a whole sequence of each lane";

    /// <inheritdoc/>
    public override bool IsFull => true;

    internal override void Check(RunSpec spec, Findings findings)
    {
        if (findings.Sound("tbptt.chunkCount") && spec.Tbptt.ChunkCount is not null)
        {
            findings.Report("tbptt.chunkCount", "chunkCount with backprop full",
                "chunkLength, the time steps that a trainer holds in memory at a time",
                "write chunkLength; it changes no bit of the result");
        }

        if (findings.Sound("extends") && spec.Extends is { Follow: true })
        {
            findings.Report("tbptt.backprop", "full with extends.follow",
                "chunk, because a step of a run that follows its file does not wait for the sequence's end", "write chunk");
        }
    }
}
