using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport.Messages;

/// <summary>
/// A coordinator's end of the exchange with one other silo: over a channel where one stands, else by Orleans' messages. A channel that breaks proves nothing:
/// what was asked over it is asked again by message, and that call fails when the silo is dead.
/// </summary>
/// <remarks>Runs on the coordinator's scheduler.</remarks>
internal sealed class SiloLink : IDisposable
{
    /// <summary>How often a channel is opened: where it breaks again and again, something between the silos does not want it.</summary>
    private const int MostChannels = 3;

    private readonly IExchangeService _exchange;
    private readonly RunId _run;
    private readonly SentParameters _parameters;
    private readonly Func<Task<StepChannel?>> _open;
    private readonly Func<bool> _isDead;
    private readonly Func<long> _number;
    private StepChannel? _channel;
    private PendingReply? _answer;
    private Feeding _fed = new(-1, -1, null, null, Task.CompletedTask);
    private int _opened;
    private long _last;
    private bool _disposed;

    /// <summary>Makes a link, and begins to open its channel.</summary>
    /// <param name="exchange">The silo's exchange.</param>
    /// <param name="run">The run.</param>
    /// <param name="parameters">The committed parameters.</param>
    /// <param name="open">Opens a channel; null where there is none to be had.</param>
    /// <param name="isDead">Whether the silo is known to be dead.</param>
    /// <param name="number">The next <see cref="ExchangeOrder.Number"/> of the run.</param>
    public SiloLink(IExchangeService exchange, RunId run, SentParameters parameters, Func<Task<StepChannel?>> open, Func<bool> isDead, Func<long> number)
    {
        (_exchange, _run, _parameters, _open, _isDead, _number) = (exchange, run, parameters, open, isDead, number);
        Open().Ignore();
    }

    private StepChannel? Channel => _channel is { IsOpen: true } channel ? channel : null;

    /// <summary>Sends the parameters of a committed state, bucket by bucket; does nothing where that has begun before.</summary>
    /// <param name="generation">The coordinator's generation.</param>
    /// <param name="step">Committed steps that led to them.</param>
    /// <param name="ready">For each bucket what it waits for; null when all are there.</param>
    public void Feed(int generation, long step, IReadOnlyList<Task>? ready)
    {
        if ((_fed.Generation, _fed.Step) != (generation, step))
            BeginFeeding(generation, step, ready, Channel);
    }

    /// <summary>Has trainers of the silo train on a chunk.</summary>
    /// <param name="order">Which trainers.</param>
    /// <param name="ticket">Their ticket, without parameters where those are fed.</param>
    public Task<ExchangeReply> TrainChunk(ExchangeOrder order, StepTicket ticket) => Ask(
        new(Numbered(order), ticket, null, ticket.Step, CarriedTrace.Current), ticket.Generation, isFed: ticket.Parameters.Length == 0, () => _exchange.TrainChunk(Numbered(order), ticket));

    /// <summary>Has trainers of the silo evaluate a chunk.</summary>
    /// <param name="order">Which trainers.</param>
    /// <param name="ticket">Their ticket, without parameters where those are fed.</param>
    /// <param name="step">Committed steps that led to the parameters.</param>
    public Task<ExchangeReply> EvaluateChunk(ExchangeOrder order, EvaluationTicket ticket, long step) => Ask(
        new(Numbered(order), null, ticket, step), ticket.Generation, isFed: ticket is { Chunk: 0, Parameters.Length: 0 }, () => _exchange.EvaluateChunk(Numbered(order), ticket, step));

    /// <summary>What the trainers asked last have answered so far.</summary>
    public Task<IReadOnlyList<TrainerReply?>> Answers(int generation) => _exchange.Answers(_run, generation, _last);

    /// <summary>The largest gradient of each trainer in the step trained on last.</summary>
    public Task<IReadOnlyList<GradientExtreme>> FindLargest(int generation, long step) => _exchange.FindLargest(_run, generation, step);

    /// <summary>Reads the sums of a step that every trainer of the order has contributed to.</summary>
    public SumReader Read(ExchangeOrder order, int generation, long step, int length)
    {
        var answer = _answer;
        return new(order, Buckets.Count(length), answer is null ? Collect : async bucket =>
        {
            try
            {
                return await answer.Sum(bucket);
            }
            catch (ChannelBrokenException e) when (!_disposed)
            {
                ThrowIfDead(e);
                return await Collect(bucket);
            }
        });

        Task<SumBucket> Collect(int bucket) => _exchange.Collect(_run, generation, step, bucket);
    }

    public void Dispose()
    {
        _disposed = true;
        _channel?.Dispose();
    }

    private ExchangeOrder Numbered(ExchangeOrder order) => order with { Number = _last = _number() };

    private async Task Open()
    {
        if (_opened++ >= MostChannels)
            return;
        _channel = await _open();
        if (_disposed)
            _channel?.Dispose();
    }

    private void BeginFeeding(int generation, long step, IReadOnlyList<Task>? ready, StepChannel? channel)
    {
        var sending = channel is null ? SendByMessages(generation, step, ready) : Send(channel, generation, step, ready);
        sending.Ignore();
        _fed = new(generation, step, ready, channel, sending);
    }

    private async Task<ExchangeReply> Ask(ChannelRequest request, int generation, bool isFed, Func<Task<ExchangeReply>> call)
    {
        _answer = null;
        if (Channel is { } channel && (!isFed || _fed.Channel == channel))
        {
            try
            {
                if (isFed)
                    await _fed.Sending;
                _answer = await channel.Ask(request, _parameters.Length);
                return _answer.Reply;
            }
            catch (ChannelBrokenException e) when (!_disposed)
            {
                // Nothing is known of what was asked: it is asked again, below.
                ThrowIfDead(e);
            }
        }

        if (isFed && _fed.Channel is not null)
            BeginFeeding(generation, request.Step, _fed.Ready, channel: null);
        var reply = await Fed(call());
        if (_channel is { IsOpen: false })
        {
            // So that the next question does not open another one meanwhile.
            _channel = null;
            Open().Ignore();
        }

        return reply;
    }

    /// <summary>
    /// What is sent to a dead silo over a connection that still seems to stand is answered by nobody: Orleans fails only the calls that were under way when it
    /// learnt of the death.
    /// </summary>
    private void ThrowIfDead(ChannelBrokenException why)
    {
        if (_isDead())
            throw new SiloUnavailableException($"channel: {why.Message}", why);
    }

    private async Task Send(StepChannel channel, int generation, long step, IReadOnlyList<Task>? ready)
    {
        for (int bucket = 0; bucket < Buckets.Count(_parameters.Length); bucket++)
        {
            if (ready is not null)
                await ready[bucket];
            channel.Send(generation, step, bucket, _parameters.Length, _parameters.Bucket(bucket));
        }
    }

    private async Task SendByMessages(int generation, long step, IReadOnlyList<Task>? ready)
    {
        var sent = new Queue<Task>();
        for (int bucket = 0; bucket < Buckets.Count(_parameters.Length); bucket++)
        {
            if (ready is not null)
                await ready[bucket];
            if (sent.Count == Buckets.InFlight)
                await sent.Dequeue();
            sent.Enqueue(_exchange.Offer(new(_run, generation, step, _parameters.Length, bucket, _parameters.Bucket(bucket))));
        }

        await Task.WhenAll(sent);
    }

    /// <summary>A call that waits for parameters waits for ever where they cannot be sent.</summary>
    private async Task<ExchangeReply> Fed(Task<ExchangeReply> call)
    {
        if (await Task.WhenAny(call, _fed.Sending) == _fed.Sending)
            await _fed.Sending;
        return await call;
    }

    /// <summary>Which parameters were sent last, and by which way.</summary>
    private sealed record Feeding(int Generation, long Step, IReadOnlyList<Task>? Ready, StepChannel? Channel, Task Sending);
}
