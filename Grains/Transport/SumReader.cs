using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>Reads the gradient sums that a link's trainers make up, bucket by bucket, some ahead of the addition.</summary>
/// <param name="link">The link.</param>
/// <param name="buckets">How many buckets there are.</param>
/// <param name="fetch">Fetches one.</param>
internal sealed class SumReader(ITrainerLink link, int buckets, Func<int, Task<SumBucket>> fetch)
{
    private readonly Queue<Task<SumBucket>> _coming = new();
    private Func<int, Task<SumBucket>>? _elsewhere;
    private TaskCompletionSource? _found;
    private int _ofLink = int.MaxValue;
    private int _asked;
    private int _read;

    /// <summary>Whose sums they are.</summary>
    public IReadOnlyList<int> Trainers => link.Trainers;

    /// <summary>The nodes of the tree that they make up, in the order of a bucket's sums.</summary>
    public IReadOnlyList<Subtree> Nodes => link.Nodes;

    /// <summary>Is shown each bucket, in order, before anything is added to it; null for nobody.</summary>
    public Action<SumBucket>? Tap { get; set; }

    /// <summary>Whether the next bucket has not come, and is read in no other way either.</summary>
    public bool IsWaiting => _elsewhere is null && (_found is not null || (_coming.TryPeek(out var next) && !next.IsCompleted));

    /// <summary>Begins to read.</summary>
    public void Start()
    {
        while (_asked < buckets && _coming.Count < Buckets.InFlight)
            _coming.Enqueue((_elsewhere ?? fetch)(_asked++));
    }

    /// <summary>The next bucket.</summary>
    /// <exception cref="InvalidDataException">It does not hold the sums of the nodes.</exception>
    public async Task<SumBucket> Next()
    {
        var next = _coming.Dequeue();
        int number = _read++;
        Start();
        if (!next.IsCompleted && _elsewhere is null)
        {
            _found = new();
            await Task.WhenAny(next, _found.Task);
            _found = null;
        }

        // What was asked of the link, and has not come from it.
        var bucket = await (_elsewhere is { } fetchThere && number < _ofLink && !next.IsCompletedSuccessfully
            ? Instead(next, fetchThere(number)) : next);
        Tap?.Invoke(bucket);
        return bucket.Sums.Count == Nodes.Count
            ? bucket
            : throw new InvalidDataException(
                $"found {bucket.Sums.Count} sums of trainers {string.Join(", ", Trainers)}, expected {Nodes.Count}");
    }

    /// <summary>From now on what has not come is read in another way, and the link is asked for nothing more.</summary>
    /// <param name="fetchThere">Fetches a bucket of the same bytes.</param>
    public void ReadElsewhere(Func<int, Task<SumBucket>> fetchThere)
    {
        (_elsewhere, _ofLink) = (fetchThere, _asked);
        _found?.TrySetResult();
    }

    /// <summary>The rest is not needed: what still arrives is given back.</summary>
    public void Abandon()
    {
        _asked = buckets;
        while (_coming.TryDequeue(out var coming))
            GiveBack(coming).Ignore();
    }

    private static Task<SumBucket> Instead(Task<SumBucket> late, Task<SumBucket> bucket)
    {
        GiveBack(late).Ignore();
        return bucket;
    }

    private static async Task GiveBack(Task<SumBucket> coming)
    {
        foreach (var sum in (await coming).Sums)
            sum.Dispose();
    }
}
