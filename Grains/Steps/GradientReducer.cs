using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>Brings the gradients of a step together, bucket by bucket as they arrive, and has them added up by the fixed tree.</summary>
/// <remarks>Runs on the coordinator's scheduler. Until every gradient is in, nothing but its own memory is changed.</remarks>
internal sealed class GradientReducer(StepCommit commit, WorkerThread worker, int parameters, IReadOnlyList<LaneBlock> shards)
{
    /// <summary>Up to so many gradient elements a step is committed on the coordinator's scheduler.</summary>
    private const long InlineCommit = 1 << 17;

    private readonly List<SumReader> _readers = [];
    private Task _adding = Task.CompletedTask;
    private long _begun;
    private AuditRecord? _record;

    /// <summary>
    /// Whether a step is added up and committed on the coordinator's scheduler: that is over before a thread could be woken for it.
    /// </summary>
    public bool IsSmall { get; } = (long)parameters * shards.Count <= InlineCommit;

    /// <summary>The step that is being made.</summary>
    public StepCommit Commit => commit;

    /// <summary>The trainers whose sums are being waited for.</summary>
    public IReadOnlyList<int> Missing { get; private set; } = [];

    /// <summary>Begins a step; what still arrives of another is not waited for, and does not count.</summary>
    /// <param name="record">Takes down what is summed, for an audit; null for none.</param>
    /// <returns>The number by which the step is known.</returns>
    public long Begin(AuditRecord? record = null)
    {
        _record = record;
        foreach (var reader in _readers)
            reader.Abandon();
        _readers.Clear();
        Missing = [];
        return ++_begun;
    }

    /// <summary>
    /// The trainers of a link have answered. If all contributed, their sums are read from now on. Of a former step nothing is taken.
    /// </summary>
    /// <param name="step">What <see cref="Begin"/> returned.</param>
    /// <param name="link">The link.</param>
    /// <param name="reply">The reply.</param>
    /// <param name="ticket">What was asked.</param>
    public void Take(long step, ITrainerLink link, ChunkReply reply, StepTicket ticket)
    {
        if (step != _begun || !reply.Replies.All(one => one is Contribution))
            return;
        var reader = Buckets.AreUsedFor(parameters)
            ? new SumReader(link, Buckets.Count(parameters), bucket => link.FetchSum(ticket.Generation, ticket.Step, bucket))
            : new SumReader(link, 1, _ => Task.FromResult(new SumBucket(reply.Sums)));
        reader.Tap = _record?.TapOf(link);
        reader.Start();
        _readers.Add(reader);
    }

    /// <summary>Whether sums of a link's trainers are waited for, which have answered.</summary>
    public bool IsWaitingFor(IReadOnlyList<int> trainers) => _readers.Any(reader => reader.Trainers[0] == trainers[0] && reader.IsWaiting);

    /// <summary>
    /// Spares of a link's trainers have contributed: what has not come from the link is read from them. Both are the same bytes.
    /// </summary>
    /// <inheritdoc cref="Take"/>
    public void TakeElsewhere(long step, ITrainerLink link, ChunkReply reply, StepTicket ticket)
    {
        if (_readers.Find(reader => step == _begun && reader.Trainers[0] == link.Trainers[0]) is { } reader)
            reader.ReadElsewhere(bucket => link.FetchSum(ticket.Generation, ticket.Step, bucket));
        else
            Take(step, link, reply, ticket);
    }

    /// <summary>Adds everything up.</summary>
    /// <param name="step">What <see cref="Begin"/> returned.</param>
    /// <param name="contributions">Every trainer's, in order.</param>
    /// <exception cref="Exception">Sums cannot be had; <see cref="Missing"/> says whose.</exception>
    /// <exception cref="OperationCanceledException">Another step has begun.</exception>
    public async Task Gather(long step, IReadOnlyList<Contribution> contributions)
    {
        // A step that was given up may have left an addition under way, in the very gradient that this one is made in.
        await _adding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Ensure(step);
        commit.Begin(Heads(contributions));
        for (int bucket = 0; bucket < commit.Pieces; bucket++)
        {
            var nodes = new ReadOnlyMemory<float>[shards.Count];
            List<GradientBuffer> arrived = [];
            foreach (var reader in _readers)
            {
                Missing = reader.Trainers;
                var sums = (await reader.Next()).Sums;
                Ensure(step);
                for (int node = 0; node < sums.Count; node++)
                    nodes[reader.Nodes[node].First] = sums[node].Memory;
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
    }

    /// <summary>What each shard gave besides its gradient.</summary>
    /// <exception cref="InvalidDataException">The trainers gave losses or hidden states of other shards.</exception>
    private ShardResult[] Heads(IReadOnlyList<Contribution> contributions)
    {
        int given = contributions.Sum(one => Math.Min(one.LossSums.Count, one.Weights.Count));
        if (given != shards.Count)
            throw new InvalidDataException($"found losses of {given} shards, expected {shards.Count}");
        var heads = new ShardResult[shards.Count];
        int shard = 0;
        foreach (var one in contributions)
        {
            int lanes = 0, first = shards[shard].First;
            for (int own = 0; own < one.LossSums.Count; own++)
                lanes += shards[shard + own].Count;
            int perLane = one.Hidden.Length / lanes;
            for (int own = 0; own < one.LossSums.Count; own++, shard++)
            {
                var hidden = one.Hidden.Memory.Slice((shards[shard].First - first) * perLane, shards[shard].Count * perLane);
                heads[shard] = new(default, hidden, one.LossSums[own], one.Weights[own]);
            }
        }

        return heads;
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
}
