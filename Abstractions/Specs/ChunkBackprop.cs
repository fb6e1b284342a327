namespace Orleans.Tbptt.Specs;

/// <summary>Back to the start of the step's own chunk: truncated backpropagation through time with k1 = k2.</summary>
public sealed record ChunkBackprop : BackpropSpec
{
    /// <inheritdoc/>
    public override string Word => "chunk";

    /// <inheritdoc/>
    public override string About => "to the start of the step's chunk";
}
