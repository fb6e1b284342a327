using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>Where a silo takes a channel, and what lets a coordinator in.</summary>
/// <param name="Port">The port, at the silo's address.</param>
/// <param name="Key">What the connection has to begin with. Good for one connection, and not for long.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ChannelOffer")]
internal sealed record ChannelOffer([property: Id(0)] int Port, [property: Id(1)] byte[] Key);

/// <summary>What is asked over a channel: one step or one evaluation chunk of the trainers of one silo.</summary>
/// <param name="Order">Which trainers.</param>
/// <param name="Training">The step's ticket; without parameters where those came before it.</param>
/// <param name="Evaluation">The evaluation chunk's ticket, where there is no step's.</param>
/// <param name="Step">Committed steps that led to the parameters.</param>
/// <param name="Trace">The span that it is asked under; null where that is not traced.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ChannelRequest")]
internal sealed record ChannelRequest(
    [property: Id(0)] ExchangeOrder Order, [property: Id(1)] StepTicket? Training, [property: Id(2)] EvaluationTicket? Evaluation, [property: Id(3)] long Step,
    [property: Id(4)] CarriedTrace? Trace = null);

/// <summary>Turns a channel's messages into bytes, as Orleans does.</summary>
/// <param name="Requests">What is asked.</param>
/// <param name="Replies">What is answered.</param>
/// <param name="Traffic">Is told of what goes beside the messages; null where nobody counts.</param>
internal sealed record ChannelCodec(
    Serialization.Serializer<ChannelRequest> Requests, Serialization.Serializer<ExchangeReply> Replies, IBufferTraffic? Traffic = null);

/// <summary>A channel is there no more, or speaks out of turn. What was asked over it may have been done; it is asked again another way.</summary>
internal sealed class ChannelBrokenException(string message, Exception? inner = null) : IOException(message, inner);
