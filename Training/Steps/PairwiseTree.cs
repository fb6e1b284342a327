using System.Buffers;
using System.Numerics.Tensors;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// Sums in a fixed order: a binary tree over the shards' indices. Float additions do not associate, so the order is part of the result;
/// with the tree, who answered first is not, nor who computed what.
/// </summary>
/// <remarks>
/// <code>
/// 0   1   2   3   4        step 1: 0+1, 2+3      step 2: (0+1)+(2+3)      step 3: …+4
/// └─┬─┘   └─┬─┘   │
///   └───┬───┘     │
///       └────┬────┘
/// </code>
/// <para>
/// Every node is the sum of shards a·2^k, a·2^k + 1, … up to the next such number, or to the last shard: a trainer or a silo that has
/// all of them can add them up alone, and the tree continues from there.
/// </para>
/// </remarks>
public static class PairwiseTree
{
    /// <summary>The fewest nodes of the tree over <paramref name="count"/> shards that some of them make up, in order.</summary>
    /// <param name="shards">Those shards, in order.</param>
    /// <param name="count">How many shards there are.</param>
    public static IReadOnlyList<Subtree> Subtrees(IReadOnlyList<int> shards, int count)
    {
        var nodes = new List<Subtree>();
        for (int at = 0; at < shards.Count; at += nodes[^1].Count)
        {
            int first = shards[at], run = 1, size = 1;
            while (at + run < shards.Count && shards[at + run] == first + run)
                run++;
            while (size < count && first % (2 * size) == 0 && Math.Min(2 * size, count - first) <= run)
                size *= 2;
            nodes.Add(new(first, Math.Min(size, count - first)));
        }

        return nodes;
    }

    /// <summary>
    /// The sum by the tree, of shards' own numbers and of whole nodes that others have summed; leaves them as they are.
    /// </summary>
    /// <param name="nodes">One for each shard. A node's sum stands at its first shard, its others are empty.</param>
    /// <param name="room">May be used to sum in; as long as a node.</param>
    /// <returns>The sum: <paramref name="room"/>, or the one node there is.</returns>
    public static ReadOnlySpan<float> Sum(ReadOnlySpan<ReadOnlyMemory<float>> nodes, Span<float> room) =>
        Sum(nodes, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)nodes.Length), room);

    /// <summary>Adds all buffers into the first one; the others are overwritten with partial sums.</summary>
    public static void SumInto(IReadOnlyList<Memory<float>> buffers)
    {
        for (int stride = 1; stride < buffers.Count; stride *= 2)
        {
            for (int i = 0; i + stride < buffers.Count; i += 2 * stride)
                TensorPrimitives.Add<float>(buffers[i].Span, buffers[i + stride].Span, buffers[i].Span);
        }
    }

    /// <summary>The sum of a few numbers by the same tree.</summary>
    public static double Sum(ReadOnlySpan<double> values)
    {
        double[] sums = [.. values];
        for (int stride = 1; stride < sums.Length; stride *= 2)
        {
            for (int i = 0; i + stride < sums.Length; i += 2 * stride)
                sums[i] += sums[i + stride];
        }

        return sums.Length == 0 ? 0 : sums[0];
    }

    private static ReadOnlySpan<float> Sum(ReadOnlySpan<ReadOnlyMemory<float>> nodes, int size, Span<float> room)
    {
        // Where the right half has nothing, it does not exist, or a node of both halves stands on the left.
        while (size > 1 && (size / 2 >= nodes.Length || nodes[size / 2].IsEmpty))
            size /= 2;
        if (size == 1)
            return nodes[0].Span;
        var left = Sum(nodes, size / 2, room);
        float[] rented = ArrayPool<float>.Shared.Rent(room.Length);
        TensorPrimitives.Add(left, Sum(nodes[(size / 2)..], size / 2, rented.AsSpan(0, room.Length)), room);
        ArrayPool<float>.Shared.Return(rented);
        return room;
    }
}

/// <summary>A node of the tree: shards that follow one another.</summary>
/// <param name="First">The first shard.</param>
/// <param name="Count">How many.</param>
public readonly record struct Subtree(int First, int Count);
