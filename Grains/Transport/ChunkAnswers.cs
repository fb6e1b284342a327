using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>What a silo's trainers answer to one request, and the sums of what they contribute.</summary>
internal sealed class ChunkAnswers(ChunkOrder order, int generation, long step)
{
    private readonly Task<TrainerReply>?[] _replies = new Task<TrainerReply>?[order.Trainers.Count];
    private readonly IReadOnlyList<Subtree> _given = order.NodesOfEach();
    private readonly IReadOnlyList<Subtree> _nodes = order.Nodes();

    /// <summary>The coordinator's generation.</summary>
    public int Generation => generation;

    /// <summary>Which trainers were asked.</summary>
    public ChunkOrder Order => order;

    /// <summary>The request's number.</summary>
    public long Number => order.Number;

    /// <summary>Committed steps before it.</summary>
    public long Step => step;

    /// <summary>The replies so far, without what is large.</summary>
    public IReadOnlyList<TrainerReply?> SoFar => [.. _replies.Select(reply => reply is not { IsCompletedSuccessfully: true } ? null
        : reply.Result is Contribution contribution
            ? contribution with { GradientSums = [], Hidden = GradientBuffer.Empty }
        : reply.Result)];

    /// <summary>The gradient sums of each trainer's nodes, where every trainer contributed; else null.</summary>
    public IReadOnlyList<GradientBuffer>? Gradients =>
        _replies.All(reply => reply is { IsCompletedSuccessfully: true, Result: Contribution })
        ? [.. _replies.SelectMany(reply => ((Contribution)reply!.Result).GradientSums)]
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
            [.. _replies.Select(reply => reply!.Result is Contribution given ? given with { GradientSums = [] }
                : reply.Result)],
            inline ? Sums(0, room) : []);
    }

    /// <summary>
    /// The sums of one bucket, node by node. A node that one trainer has whole is its own memory, the others are summed into the room.
    /// </summary>
    public IReadOnlyList<GradientBuffer> Sums(int bucket, SumRoom room)
    {
        var gradients = Gradients ?? throw new InvalidOperationException($"not every trainer contributed to step {step}");
        if (gradients.Count != _given.Count)
        {
            throw new InvalidDataException(
                $"found {gradients.Count} sums of trainers {string.Join(", ", order.Trainers)}, expected {_given.Count}");
        }

        var sums = new GradientBuffer[_nodes.Count];
        for (int node = 0, at = 0; node < sums.Length; node++)
        {
            var (first, count) = (_nodes[node].First, _nodes[node].Count);
            if (_given[at] == _nodes[node])
            {
                sums[node] = GradientBuffer.Wrap(Buckets.Of(gradients[at].Memory, bucket), gradients[at].IsNarrow);
                at++;
                continue;
            }

            var sum = Buckets.Of(room.Of(node, gradients[at].Length), bucket);
            var leaves = new ReadOnlyMemory<float>[count];
            for (; at < _given.Count && _given[at].First < first + count; at++)
                leaves[_given[at].First - first] = Buckets.Of(gradients[at].Memory, bucket);
            PairwiseTree.Sum(leaves, sum.Span);
            sums[node] = GradientBuffer.Wrap(sum);
        }

        return sums;
    }
}
