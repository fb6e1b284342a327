using System.Collections.Concurrent;
using Orleans.Tbptt.Messages;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>
/// A coordinator's end of a connection of its own to one other silo: a step there and back is one packet each way, read and written by threads that wait in
/// the system's own calls, and large models go straight from and to where they belong.
/// </summary>
/// <remarks>
/// Asked by one thread at a time. It is broken for good by whatever goes wrong: <see cref="ChannelBrokenException"/> says that nothing is known of what was
/// asked, and who asked does so again by way of <see cref="IExchangeService"/>, which tells a dead silo from a lost connection.
/// </remarks>
internal sealed class StepChannel : IDisposable
{
    /// <summary>Up to so many parameters a request is written where the caller stands: less than a socket takes without waiting for its reader.</summary>
    private const int InlineParameters = 1 << 14;

    private readonly FrameStream _frames;
    private readonly ChannelCodec _codec;
    private readonly BlockingCollection<Action> _outgoing = [];
    private readonly Lock _writing = new();
    private readonly Lock _gate = new();
    private Thread? _sender;
    private volatile PendingReply? _pending;
    private ChannelBrokenException? _broken;

    /// <summary>Takes over a connection that the other silo has welcomed.</summary>
    public StepChannel(FrameStream frames, ChannelCodec codec)
    {
        (_frames, _codec) = (frames, codec);
        frames.Traffic = codec.Traffic;
        new Thread(Receive) { Name = "channel replies", IsBackground = true }.UnsafeStart();
    }

    /// <summary>Told when it is broken.</summary>
    public event Action? Closed;

    /// <summary>Whether anything can be asked.</summary>
    public bool IsOpen => Volatile.Read(ref _broken) is null;

    /// <summary>Sends a bucket of parameters behind those before; does not wait. Buckets of a state go in order, and before what is asked of it.</summary>
    /// <param name="generation">The coordinator's generation.</param>
    /// <param name="step">Committed steps that led to them.</param>
    /// <param name="bucket">Which bucket.</param>
    /// <param name="length">How many parameters the model has.</param>
    /// <param name="values">The bucket's; left as they are until the silo has answered to the step.</param>
    public void Send(int generation, long step, int bucket, int length, GradientBuffer values) => Queue(() => _frames.Write(
        new FrameHeader(FrameKind.Parameters, FrameStream.BytesOf(values.Length, values.IsNarrow), bucket, 0, length, generation, step), values.Span));

    /// <summary>Asks.</summary>
    /// <param name="request">What.</param>
    /// <param name="parameters">How many parameters the model has.</param>
    /// <exception cref="ChannelBrokenException">There is no answer to be had this way.</exception>
    public async Task<PendingReply> Ask(ChannelRequest request, int parameters)
    {
        if (_pending is { } former)
            await former.Done;
        var pending = new PendingReply(request.Order, request.Training is null ? 0 : parameters, _pending?.Room);
        lock (_gate)
        {
            if (_broken is { } broken)
                throw broken;
            _pending = pending;
        }

        if (_sender is null && parameters <= InlineParameters)
            WriteHere(() => Write(request));
        else
            Queue(() => Write(request));
        return await pending.Answered;
    }

    /// <summary>Nothing more passes; who waits is told.</summary>
    public void Break(ChannelBrokenException why)
    {
        lock (_gate)
        {
            if (_broken is not null)
                return;
            Volatile.Write(ref _broken, why);
        }

        _outgoing.CompleteAdding();
        _pending?.Fail(why);
        _frames.Dispose();
        Closed?.Invoke();
    }

    public void Dispose() => Break(new("it is not wanted any more"));

    private void Write(ChannelRequest request) => _frames.Write(FrameKind.Request, content => _codec.Requests.Serialize(request, content));

    private void Queue(Action write)
    {
        _sender ??= StartSender();
        try
        {
            _outgoing.Add(write);
        }
        catch (InvalidOperationException)
        {
            // Broken: who asks next is told.
        }
    }

    private Thread StartSender()
    {
        var sender = new Thread(() =>
        {
            foreach (var write in _outgoing.GetConsumingEnumerable())
                WriteHere(write);
        }) { Name = "channel requests", IsBackground = true };
        sender.UnsafeStart();
        return sender;
    }

    private void WriteHere(Action write)
    {
        try
        {
            lock (_writing)
                write();
        }
#pragma warning disable CA1031 // Whatever it is, it breaks this channel and nothing else: on a thread of its own it would end the silo.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Break(new(e.Message, e));
        }
    }

    private void Receive()
    {
        try
        {
            while (_frames.TryRead(out var header))
            {
                var pending = _pending ?? throw new InvalidDataException($"found {header}, and nothing was asked");
                if (header.Kind == FrameKind.Reply)
                    pending.Take(_codec.Replies.Deserialize(_frames.ReadBytes(header)) ?? throw new InvalidDataException("found no reply in its frame"));
                else if (header.Kind == FrameKind.Sum)
                    pending.ReadSum(header, _frames);
                else
                    throw new InvalidDataException($"found {header}, expected an answer");
            }

            Break(new("the silo has closed it"));
        }
#pragma warning disable CA1031 // Whatever it is, it breaks this channel and nothing else.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Break(new(e.Message, e));
        }
        finally
        {
            // What a reply has made of the question, while another thread broke the channel.
            if (_broken is { } broken)
                _pending?.Fail(broken);
        }
    }
}
