using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Grains.Transport.Messages;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>Brings the gradients of a step together, bucket by bucket as they arrive, and has them added up by the tree.</summary>
/// <remarks>Runs on the coordinator's scheduler. Until the step is whole nothing but room of its own is touched.</remarks>
internal sealed class StepSum(StepCommit commit, WorkerThread worker, int parameters, int trainers)
{
    /// <summary>Up to so many gradient elements a step is committed where the coordinator stands.</summary>
    private const long InlineCommit = 1 << 17;

    private readonly List<(IReadOnlyList<Subtree> Nodes, IReadOnlyList<GradientBuffer> Sums)> _whole = [];
    private readonly List<SumReader> _readers = [];
    private Task _adding = Task.CompletedTask;
    private long _begun;

    /// <summary>Whether a step is added up and committed where the coordinator stands: that is over before a thread could be woken for it.</summary>
    public bool IsSmall { get; } = (long)parameters * trainers <= InlineCommit;

    /// <summary>The step that is being made.</summary>
    public StepCommit Commit => commit;

    /// <summary>The trainers whose sums have not all come.</summary>
    public IReadOnlyList<int> Missing { get; private set; } = [];

    /// <summary>Begins a step; what still comes of another is not waited for, and does not count.</summary>
    /// <returns>The number by which the step is known.</returns>
    public long Begin()
    {
        foreach (var reader in _readers)
            reader.Abandon();
        _readers.Clear();
        _whole.Clear();
        Missing = [];
        return ++_begun;
    }

    /// <summary>The trainers of a silo have contributed: their sums came with the reply, or are read from now on. Of a former step nothing is taken.</summary>
    public void Take(long step, SiloLink link, ExchangeOrder order, ExchangeReply reply, StepTicket ticket)
    {
        if (step != _begun || !reply.Replies.All(one => one is Contribution))
            return;
        if (!Buckets.AreUsedFor(parameters))
        {
            _whole.Add((PairwiseTree.Subtrees(order.Trainers, order.Of), reply.Sums));
            return;
        }

        var reader = link.Read(order, ticket.Generation, ticket.Step, parameters);
        reader.Start();
        _readers.Add(reader);
    }

    /// <summary>Adds everything up.</summary>
    /// <param name="step">What <see cref="Begin"/> returned.</param>
    /// <param name="contributions">Every trainer's, in order; those whose sums came by a silo's exchange have none of their own.</param>
    /// <exception cref="Exception">Sums cannot be had; <see cref="Missing"/> tells whose.</exception>
    /// <exception cref="OperationCanceledException">Another step has begun.</exception>
    public async Task Gather(long step, IReadOnlyList<Contribution> contributions)
    {
        // A step that was given up may have left an addition under way, in the very gradient that this one is made in.
        await _adding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Ensure(step);
        commit.Begin([.. contributions.Select(one => new ShardResult(default, one.Hidden.Memory, one.LossSum, one.Weight))]);
        for (int bucket = 0; bucket < commit.Pieces; bucket++)
        {
            var nodes = new ReadOnlyMemory<float>[trainers];
            foreach (var (index, contribution) in contributions.Index().Where(one => one.Item.GradientSum.Length > 0))
                nodes[index] = commit.Piece(contribution.GradientSum.Memory, bucket);
            foreach (var (whole, sums) in _whole)
                Place(whole, sums, nodes);
            List<GradientBuffer> arrived = [];
            foreach (var reader in _readers)
            {
                Missing = reader.Trainers;
                var sums = (await reader.Next()).Sums;
                Ensure(step);
                Place(reader.Nodes, sums, nodes);
                arrived.AddRange(sums);
            }

            Missing = [];
            await _adding;
            Ensure(step);
            int at = bucket;
            if (IsSmall)
                Add(at, nodes, arrived);
            else
                _adding = worker.Run(() => Add(at, nodes, arrived));
        }

        await _adding;
        Ensure(step);
        foreach (var sum in _whole.SelectMany(whole => whole.Sums))
            sum.Dispose();
    }

    private void Ensure(long step)
    {
        if (step != _begun)
            throw new OperationCanceledException("another step has begun");
    }

    private void Add(int bucket, ReadOnlyMemory<float>[] nodes, List<GradientBuffer> arrived)
    {
        commit.Add(bucket, nodes);
        foreach (var sum in arrived)
            sum.Dispose();
    }

    private static void Place(IReadOnlyList<Subtree> nodes, IReadOnlyList<GradientBuffer> sums, ReadOnlyMemory<float>[] places)
    {
        for (int node = 0; node < nodes.Count; node++)
            places[nodes[node].First] = sums[node].Memory;
    }
}
