namespace Orleans.Tbptt.Training.Replicas;

/// <summary>
/// A replica that runs several shards at once, to the bits that each of them has when it is run alone. Shards of any other replica are run
/// one after another.
/// </summary>
internal interface IShardsReplica : IReplica
{
    /// <summary>As <see cref="IReplica.ForwardBackward"/>, of several shards.</summary>
    /// <param name="shards">The chunk of each shard, joined.</param>
    /// <param name="dropout">The masks; their first lane is that of the first shard.</param>
    /// <param name="hiddenBefore">Hidden state of the lanes of all shards.</param>
    /// <param name="hiddenAfter">Receives it after the chunk.</param>
    /// <param name="gradientSums">Receives the gradient of each shard's loss sum, <c>[shards][Layout.Length]</c>.</param>
    /// <param name="lossSums">Receives each shard's loss sum.</param>
    void ForwardBackward(
        ShardBatches shards, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> gradientSums,
        Span<double> lossSums);

    /// <summary>As <c>IReplica.Forward</c>, of several shards.</summary>
    /// <param name="shards">The chunk of each shard, joined.</param>
    /// <param name="hiddenBefore">Hidden state of the lanes of all shards.</param>
    /// <param name="hiddenAfter">Receives it after the chunk.</param>
    /// <param name="outputs">Receives what the head gave, a shard's rows after another's; empty where only losses are wanted.</param>
    /// <param name="largest">Receives the number of the largest output of each row, in the same order; empty where nobody asks.</param>
    /// <param name="lossSums">Receives each shard's loss sum.</param>
    void Forward(
        ShardBatches shards, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs, Span<int> largest,
        Span<double> lossSums);
}
