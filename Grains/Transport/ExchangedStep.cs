using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>What a silo's trainers have answered to one ticket, and the sums of what they contributed.</summary>
internal sealed class ExchangedStep(ExchangeOrder order, int generation, long step)
{
    private readonly TrainerReply?[] _replies = new TrainerReply?[order.Trainers.Count];
    private readonly IReadOnlyList<Subtree> _nodes = PairwiseTree.Subtrees(order.Trainers, order.Of);

    /// <summary>The coordinator's generation.</summary>
    public int Generation => generation;

    /// <summary>The question's number.</summary>
    public long Number => order.Number;

    /// <summary>Committed steps before it.</summary>
    public long Step => step;

    /// <summary>The replies so far, less what is large.</summary>
    public IReadOnlyList<TrainerReply?> Answers => [.. _replies.Select(reply => reply is Contribution contribution
        ? contribution with { GradientSum = GradientBuffer.Empty, Hidden = GradientBuffer.Empty }
        : reply)];

    /// <summary>Each trainer's gradient sum, where every trainer contributed; else null.</summary>
    public IReadOnlyList<GradientBuffer>? Gradients =>
        _replies.All(reply => reply is Contribution) ? [.. _replies.Cast<Contribution>().Select(contribution => contribution.GradientSum)] : null;

    /// <summary>A trainer has answered.</summary>
    /// <param name="place">Its place in the order.</param>
    /// <param name="reply">Its answer.</param>
    public void Take(int place, TrainerReply reply) => _replies[place] = reply;

    /// <summary>Every trainer has answered: their replies, with the sums where they are small.</summary>
    /// <param name="room">Where sums may be put.</param>
    public ExchangeReply Reply(SumRoom room)
    {
        bool inline = Gradients is [{ } first, ..] && !Buckets.AreUsedFor(first.Length);
        return new(
            [.. _replies.Select(reply => reply is Contribution contribution ? contribution with { GradientSum = GradientBuffer.Empty } : reply!)],
            inline ? Sums(0, room) : []);
    }

    /// <summary>The sums of one bucket, node by node. A node of one trainer is its own memory, the others are summed into the room.</summary>
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

/// <summary>
/// Memory for the sums of nodes, used for every step: it lies still until the coordinator, which asks for the next step only when it has
/// everything of this one, is done with it.
/// </summary>
internal sealed class SumRoom
{
    private readonly Lock _gate = new();
    private readonly List<float[]> _rooms = [];

    /// <summary>Room for the sum of a node.</summary>
    public Memory<float> Of(int node, int length)
    {
        // Buckets of one step are summed side by side.
        lock (_gate)
        {
            while (_rooms.Count <= node)
                _rooms.Add([]);
            if (_rooms[node].Length != length)
                _rooms[node] = GC.AllocateUninitializedArray<float>(length, pinned: true);
            return _rooms[node];
        }
    }
}
