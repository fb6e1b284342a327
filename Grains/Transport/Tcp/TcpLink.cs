using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>
/// Reaches the trainers of another silo over a TCP connection, and by message while there is none. A connection that breaks proves nothing:
/// what was asked over it is asked again by message, and that call fails when the silo is dead.
/// </summary>
internal sealed class TcpLink : ITrainerLink
{
    /// <summary>How often a connection is opened: where it breaks again and again, something between the silos does not want it.</summary>
    private const int MaxConnections = 3;

    /// <summary>
    /// Up to so many parameters a request is written on the caller's thread: less than a socket takes without waiting for its reader.
    /// </summary>
    private const int InlineParameters = 1 << 14;

    private readonly ITrainerLink _messages;
    private readonly ChunkOrders _orders;
    private readonly SentParameters _parameters;
    private readonly TcpCodec _codec;
    private readonly Func<Task<TcpConnection?>> _open;
    private readonly Func<bool> _isDead;
    private TcpConnection? _connection;
    private PendingReply? _answer;
    private Offered _offered = new(-1, -1, null, null, Task.CompletedTask);
    private int _opened;
    private bool _disposed;

    /// <summary>Makes a link, and begins to open its connection.</summary>
    /// <param name="messages">The same silo by message.</param>
    /// <param name="orders">Which trainers, and the numbers of requests; the same that <paramref name="messages"/> uses.</param>
    /// <param name="parameters">The committed parameters.</param>
    /// <param name="codec">Turns requests into bytes.</param>
    /// <param name="open">Opens a connection; null where none can be opened.</param>
    /// <param name="isDead">Whether the silo is known to be dead.</param>
    public TcpLink(
        ITrainerLink messages, ChunkOrders orders, SentParameters parameters, TcpCodec codec, Func<Task<TcpConnection?>> open,
        Func<bool> isDead)
    {
        (_messages, _orders, _parameters, _codec, _open, _isDead) = (messages, orders, parameters, codec, open, isDead);
        Open().Ignore();
    }

    public IReadOnlyList<int> Trainers => _messages.Trainers;

    public IReadOnlyList<Subtree> Nodes => _messages.Nodes;

    private TcpConnection? Connection => _connection is { IsOpen: true } connection ? connection : null;

    public void Offer(int generation, long step, IReadOnlyList<Task>? ready)
    {
        if (!_parameters.AreOffered || (_offered.Generation, _offered.Step) == (generation, step))
            return;
        if (Connection is { } connection)
        {
            var sending = Send(connection, generation, step, ready);
            sending.Ignore();
            _offered = new(generation, step, ready, connection, sending);
            return;
        }

        _messages.Offer(generation, step, ready);
        _offered = new(generation, step, ready, null, Task.CompletedTask);
    }

    public async Task<ChunkReply> Ask(ChunkWork work)
    {
        _answer = null;
        bool isOffered = _parameters.AreOffered && work.NeedsCommitted;
        if (Connection is { } connection && (!isOffered || _offered.Connection == connection))
        {
            try
            {
                if (isOffered)
                    await _offered.Sending;
                var request = new ChunkRequest(_orders.Next(), isOffered ? work.With(GradientBuffer.Empty) : work, CarriedTrace.Current);
                var pending = await connection.Expect(request.Order, work.Training is null ? 0 : _parameters.Length);
                if (connection.HasSender || _parameters.Length > InlineParameters)
                    connection.Queue(() => Write(connection, request));
                else
                    Write(connection, request);
                _answer = await pending.Answered;
                return _answer.Reply;
            }
            catch (ConnectionBrokenException e) when (!_disposed)
            {
                // Nothing is known of what was asked: it is asked again, below.
                ThrowIfDead(e);
            }
        }

        if (isOffered)
            _messages.Offer(work.Generation, work.Step, _offered.Ready);
        var reply = await _messages.Ask(work);
        OpenAgain();
        return reply;
    }

    public async Task<SumBucket> FetchSum(int generation, long step, int bucket)
    {
        if (_answer is not { } answer)
            return await _messages.FetchSum(generation, step, bucket);
        try
        {
            return await answer.Sum(bucket);
        }
        catch (ConnectionBrokenException e) when (!_disposed)
        {
            ThrowIfDead(e);
            return await _messages.FetchSum(generation, step, bucket);
        }
    }

    public Task<IReadOnlyList<TrainerReply?>> Answers(int generation) => _messages.Answers(generation);

    public void Dispose()
    {
        _disposed = true;
        _connection?.Dispose();
    }

    private void Write(TcpConnection connection, ChunkRequest request)
    {
        try
        {
            connection.Frames.Connection.Write(connection.Frames.Encode(FrameKind.Request, _codec.Requests, request));
        }
#pragma warning disable CA1031 // Whatever it is, it breaks this connection and nothing else.
        catch (Exception e)
#pragma warning restore CA1031
        {
            connection.Break(new(e.Message, e));
        }
    }

    private async Task Send(TcpConnection connection, int generation, long step, IReadOnlyList<Task>? ready)
    {
        for (int bucket = 0; bucket < Buckets.Count(_parameters.Length); bucket++)
        {
            if (ready is not null)
                await ready[bucket];
            var values = _parameters.Bucket(bucket);
            var header = new FrameHeader(
                FrameKind.Parameters, FrameStream.BytesOf(values.Length, values.IsNarrow), bucket, 0, _parameters.Length, generation, step);
            connection.Queue(() => connection.Frames.Write(header, values.Span));
        }
    }

    private async Task Open()
    {
        if (_opened++ >= MaxConnections)
            return;
        _connection = await _open();
        if (_disposed)
            _connection?.Dispose();
    }

    private void OpenAgain()
    {
        if (_connection is not { IsOpen: false })
            return;

        // So that the next request does not open another one meanwhile.
        _connection = null;
        Open().Ignore();
    }

    /// <summary>
    /// What is sent to a dead silo over a connection that still seems to stand is answered by nobody: Orleans fails only the calls that
    /// were under way when it learnt of the death.
    /// </summary>
    private void ThrowIfDead(ConnectionBrokenException why)
    {
        if (_isDead())
            throw new SiloUnavailableException($"connection: {why.Message}", why);
    }

    /// <summary>Which parameters were offered last, and over which connection; null where by message.</summary>
    private sealed record Offered(int Generation, long Step, IReadOnlyList<Task>? Ready, TcpConnection? Connection, Task Sending);
}
