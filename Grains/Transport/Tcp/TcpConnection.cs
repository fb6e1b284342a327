using System.Collections.Concurrent;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>
/// A coordinator's connection to another silo, for its run alone: a step there and back is one packet each way, read and written by threads
/// that wait in the system's calls, and large models go straight from and to the memory that they belong in.
/// </summary>
/// <remarks>
/// Any failure breaks it for good. <see cref="ConnectionBrokenException"/> says that nothing is known of what was
/// asked; it is then asked again by message, which distinguishes a dead silo from a lost connection.
/// </remarks>
internal sealed class TcpConnection : IDisposable
{
    private readonly TcpCodec _codec;
    private readonly BlockingCollection<Action> _outgoing = [];
    private readonly Lock _gate = new();
    private Thread? _sender;
    private volatile PendingReply? _pending;
    private ConnectionBrokenException? _broken;

    /// <summary>Takes over a connection that the other silo has accepted.</summary>
    public TcpConnection(FrameStream frames, TcpCodec codec)
    {
        (Frames, _codec) = (frames, codec);
        frames.Traffic = codec.Traffic;
        new Thread(Receive) { Name = "step replies", IsBackground = true }.UnsafeStart();
    }

    /// <summary>Raised when it is broken.</summary>
    public event Action? Closed;

    /// <summary>
    /// The frames. Written by one thread at a time: on the caller's while not <see cref="HasSender"/>, else by <see cref="Queue"/>.
    /// </summary>
    public FrameStream Frames { get; }

    /// <summary>Whether anything can be asked.</summary>
    public bool IsOpen => Volatile.Read(ref _broken) is null;

    /// <summary>Whether a thread writes what is queued.</summary>
    public bool HasSender => _sender is not null;

    /// <summary>Registers a request whose reply is to be received, when everything of the former one has been.</summary>
    /// <param name="order">Which trainers are asked.</param>
    /// <param name="parameters">How many gradient elements are to come; 0 where no sums are.</param>
    /// <exception cref="ConnectionBrokenException">The connection is broken.</exception>
    public async Task<PendingReply> Expect(ChunkOrder order, int parameters)
    {
        if (_pending is { } former)
            await former.Done;
        var pending = new PendingReply(order, parameters, _pending?.Room);
        lock (_gate)
        {
            if (_broken is { } broken)
                throw broken;
            return _pending = pending;
        }
    }

    /// <summary>Has another thread write, in order, so that the caller does not wait for the socket.</summary>
    public void Queue(Action write)
    {
        _sender ??= StartSender();
        try
        {
            _outgoing.Add(write);
        }
        catch (InvalidOperationException)
        {
            // Broken: the next request fails.
        }
    }

    /// <summary>Nothing more passes; a request that waits fails.</summary>
    public void Break(ConnectionBrokenException why)
    {
        lock (_gate)
        {
            if (_broken is not null)
                return;
            Volatile.Write(ref _broken, why);
        }

        _outgoing.CompleteAdding();
        _pending?.Fail(why);
        Frames.Dispose();
        Closed?.Invoke();
    }

    public void Dispose() => Break(new("it is not wanted any more"));

    private Thread StartSender()
    {
        var sender = new Thread(() =>
        {
            foreach (var write in _outgoing.GetConsumingEnumerable())
            {
                try
                {
                    write();
                }
#pragma warning disable CA1031 // Whatever it is, it breaks this connection and nothing else: unhandled it would end the silo.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    Break(new(e.Message, e));
                }
            }
        }) { Name = "step requests", IsBackground = true };
        sender.UnsafeStart();
        return sender;
    }

    private void Receive()
    {
        try
        {
            while (Frames.TryRead(out var header))
            {
                var pending = _pending ?? throw new InvalidDataException($"found {header}, and nothing was asked");
                if (header.Kind == FrameKind.Reply)
                    pending.Take(_codec.Replies.Deserialize(Frames.ReadBytes(header))
                        ?? throw new InvalidDataException("found no reply in its frame"));
                else if (header.Kind == FrameKind.Sum)
                    pending.ReadSum(header, Frames);
                else
                    throw new InvalidDataException($"found {header}, expected an answer");
            }

            Break(new("the silo has closed it"));
        }
#pragma warning disable CA1031 // Whatever it is, it breaks this connection and nothing else.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Break(new(e.Message, e));
        }
        finally
        {
            // A request that was registered while another thread broke the connection.
            if (_broken is { } broken)
                _pending?.Fail(broken);
        }
    }
}
