using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>Reads the gradient sums that a silo's trainers make up, bucket by bucket, some ahead of whoever adds them up.</summary>
internal sealed class SumReader(ExchangeOrder order, int buckets, Func<int, Task<SumBucket>> collect)
{
    private readonly Queue<Task<SumBucket>> _coming = new();
    private int _asked;

    /// <summary>Whose sums they are.</summary>
    public IReadOnlyList<int> Trainers => order.Trainers;

    /// <summary>The nodes of the tree that they make up, in the order of a bucket's sums.</summary>
    public IReadOnlyList<Subtree> Nodes { get; } = PairwiseTree.Subtrees(order.Trainers, order.Of);

    /// <summary>Begins to read.</summary>
    public void Start()
    {
        while (_asked < buckets && _coming.Count < Buckets.InFlight)
            _coming.Enqueue(collect(_asked++));
    }

    /// <summary>The next bucket.</summary>
    /// <exception cref="InvalidDataException">It does not hold the sums of the nodes.</exception>
    public async Task<SumBucket> Next()
    {
        var next = _coming.Dequeue();
        Start();
        var bucket = await next;
        return bucket.Sums.Count == Nodes.Count
            ? bucket
            : throw new InvalidDataException($"{bucket.Sums.Count} sums came of trainers {string.Join(", ", Trainers)}, {Nodes.Count} were asked for");
    }

    /// <summary>Nobody wants the rest: what still comes is given back.</summary>
    public void Abandon()
    {
        _asked = buckets;
        while (_coming.TryDequeue(out var coming))
            GiveBack(coming).Ignore();
    }

    private static async Task GiveBack(Task<SumBucket> coming)
    {
        foreach (var sum in (await coming).Sums)
            sum.Dispose();
    }
}
