using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>Sums the gradients of a trainer's shards, node by node of the tree that they make up.</summary>
/// <remarks>A node of one shard is that shard's own memory; the shards' gradients stay as they are.</remarks>
public sealed class NodeSums
{
    private readonly Memory<float>[] _sums;
    private readonly ReadOnlyMemory<float>[][] _leaves;

    /// <summary>Prepares the sums.</summary>
    /// <param name="shards">The trainer's shards.</param>
    /// <param name="of">How many shards the run has.</param>
    /// <param name="gradients">Their gradients, <c>[shards][parameters]</c>.</param>
    public NodeSums(ShardRange shards, int of, Memory<float> gradients)
    {
        int length = gradients.Length / shards.Count;
        Nodes = PairwiseTree.Subtrees([.. shards.Shards], of);
        _leaves = [.. Nodes.Select(node => Enumerable.Range(node.First - shards.First, node.Count)
            .Select(shard => (ReadOnlyMemory<float>)gradients.Slice(shard * length, length)).ToArray())];
        _sums = [.. Nodes.Select(node => node.Count == 1 ? gradients.Slice((node.First - shards.First) * length, length)
            : new float[length].AsMemory())];
    }

    /// <summary>The nodes, in order.</summary>
    public IReadOnlyList<Subtree> Nodes { get; }

    /// <summary>The sum of a node, after <see cref="AddUp"/>.</summary>
    public Memory<float> this[int node] => _sums[node];

    /// <summary>Sums the gradients as they are now.</summary>
    public void AddUp()
    {
        for (int node = 0; node < _sums.Length; node++)
        {
            if (Nodes[node].Count > 1)
                PairwiseTree.Sum(_leaves[node], _sums[node].Span);
        }
    }
}
