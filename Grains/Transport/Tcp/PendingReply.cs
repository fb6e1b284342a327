using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>
/// What comes back over a connection for one request: a reply, and behind it, where a large model's trainers all contributed, their sums.
/// </summary>
internal sealed class PendingReply
{
    private readonly TaskCompletionSource<PendingReply> _answered = New<PendingReply>();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _parameters;
    private readonly int _nodes;
    private TaskCompletionSource<SumBucket>[] _sums = [];
    private ChunkReply? _reply;
    private int _next;

    /// <summary>Nothing has come yet.</summary>
    /// <param name="order">Which trainers were asked.</param>
    /// <param name="parameters">How many parameters the model has; 0 where no sums are to come.</param>
    /// <param name="room">Memory of the request before, for the sums.</param>
    public PendingReply(ChunkOrder order, int parameters, SumRoom? room)
    {
        (_parameters, Room) = (parameters, room ?? new());
        _nodes = order.Nodes().Count;
    }

    /// <summary>Where sums are read to. They lie there until the next request's come.</summary>
    public SumRoom Room { get; }

    /// <summary>Completes with the reply.</summary>
    public Task<PendingReply> Answered => _answered.Task;

    /// <summary>Completes when everything has come.</summary>
    public Task Done => _done.Task;

    /// <summary>The reply, when it is <see cref="Answered"/>.</summary>
    public ChunkReply Reply => _reply ?? throw new InvalidOperationException("nothing has come yet");

    /// <summary>A bucket of the sums.</summary>
    /// <exception cref="ConnectionBrokenException">It cannot come any more.</exception>
    public Task<SumBucket> Sum(int bucket) => _sums[bucket].Task;

    /// <summary>The reply has come.</summary>
    public void Take(ChunkReply reply)
    {
        if (_reply is not null)
            throw new InvalidDataException("found a second reply to one request");
        bool areSumsToCome = Buckets.AreUsedFor(_parameters) && reply.Replies.All(one => one is Contribution);
        if (areSumsToCome)
            _sums = [.. Enumerable.Range(0, Buckets.Count(_parameters)).Select(_ => New<SumBucket>())];
        _reply = reply;
        if (!areSumsToCome)
            _done.SetResult();
        _answered.TrySetResult(this);
    }

    /// <summary>Reads the sum of one node in one bucket. They come in order.</summary>
    public void ReadSum(FrameHeader header, FrameStream frames)
    {
        int bucket = _next / _nodes, node = _next % _nodes;
        if (bucket >= _sums.Length || (header.Bucket, header.Node, header.Length) != (bucket, node, _parameters))
            throw new InvalidDataException($"found {header}, expected node {node} of bucket {bucket} of {_sums.Length}");
        frames.ReadFloats(header, Buckets.Of(Room.Of(node, _parameters), bucket).Span);
        _next++;
        if (node + 1 < _nodes)
            return;
        var sums = Enumerable.Range(0, _nodes).Select(one => GradientBuffer.Wrap(Buckets.Of(Room.Of(one, _parameters), bucket)));
        _sums[bucket].TrySetResult(new([.. sums]));
        if (bucket + 1 == _sums.Length)
            _done.SetResult();
    }

    /// <summary>Nothing more comes.</summary>
    public void Fail(ConnectionBrokenException why)
    {
        _answered.TrySetException(why);
        _answered.Task.Ignore();
        foreach (var sum in _sums)
        {
            sum.TrySetException(why);
            sum.Task.Ignore();
        }

        _done.TrySetResult();
    }

    private static TaskCompletionSource<T> New<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
