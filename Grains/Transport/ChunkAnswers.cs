using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>What a silo's trainers answer to one request, and the sums of what they contribute.</summary>
internal sealed class ChunkAnswers(ChunkOrder order, int generation, long step)
{
    private readonly Task<TrainerReply>?[] _replies = new Task<TrainerReply>?[order.Trainers.Count];
    private readonly IReadOnlyList<Subtree> _nodes = PairwiseTree.Subtrees(order.Trainers, order.Of);

    /// <summary>The coordinator's generation.</summary>
    public int Generation => generation;

    /// <summary>The request's number.</summary>
    public long Number => order.Number;

    /// <summary>Committed steps before it.</summary>
    public long Step => step;

    /// <summary>The replies so far, without what is large.</summary>
    public IReadOnlyList<TrainerReply?> SoFar => [.. _replies.Select(reply => reply is not { IsCompletedSuccessfully: true } ? null
        : reply.Result is Contribution contribution
            ? contribution with { GradientSum = GradientBuffer.Empty, Hidden = GradientBuffer.Empty }
        : reply.Result)];

    /// <summary>Each trainer's gradient sum, where every trainer contributed; else null.</summary>
    public IReadOnlyList<GradientBuffer>? Gradients =>
        _replies.All(reply => reply is { IsCompletedSuccessfully: true, Result: Contribution })
        ? [.. _replies.Select(reply => ((Contribution)reply!.Result).GradientSum)]
        : null;

    /// <summary>A trainer has been asked.</summary>
    /// <param name="place">Its place in the order.</param>
    /// <param name="reply">Its answer; never fails.</param>
    public void Expect(int place, Task<TrainerReply> reply) => Volatile.Write(ref _replies[place], reply);

    /// <summary>Completes when every trainer has answered.</summary>
    public Task All() => _replies is [{ } only] ? only : Task.WhenAll(_replies!);

    /// <summary>When every trainer has answered: their replies, with the sums where they are small.</summary>
    /// <param name="room">Where sums may be put.</param>
    public ChunkReply Reply(SumRoom room)
    {
        bool inline = Gradients is [{ } first, ..] && !Buckets.AreUsedFor(first.Length);
        return new(
            [.. _replies.Select(reply => reply!.Result is Contribution given ? given with { GradientSum = GradientBuffer.Empty }
                : reply.Result)],
            inline ? Sums(0, room) : []);
    }

    /// <summary>
    /// The sums of one bucket, node by node. A node of one trainer is its own memory, the others are summed into the room.
    /// </summary>
    public IReadOnlyList<GradientBuffer> Sums(int bucket, SumRoom room)
    {
        var gradients = Gradients ?? throw new InvalidOperationException($"not every trainer contributed to step {step}");
        var sums = new GradientBuffer[_nodes.Count];
        int at = 0;
        for (int node = 0; node < sums.Length; at += _nodes[node++].Count)
        {
            if (_nodes[node].Count == 1)
            {
                sums[node] = GradientBuffer.Wrap(Buckets.Of(gradients[at].Memory, bucket), gradients[at].IsNarrow);
                continue;
            }

            var leaves = new ReadOnlyMemory<float>[_nodes[node].Count];
            for (int leaf = 0; leaf < leaves.Length; leaf++)
                leaves[leaf] = Buckets.Of(gradients[at + leaf].Memory, bucket);
            var sum = Buckets.Of(room.Of(node, gradients[at].Length), bucket);
            PairwiseTree.Sum(leaves, sum.Span);
            sums[node] = GradientBuffer.Wrap(sum);
        }

        return sums;
    }
}
