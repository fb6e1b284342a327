using Orleans.Tbptt.Messages;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>Turns requests and replies into bytes, as Orleans does.</summary>
/// <param name="Requests">Requests.</param>
/// <param name="Replies">Replies.</param>
/// <param name="Traffic">Is notified of the numbers that go outside of the messages; null where nobody counts.</param>
internal sealed record TcpCodec(
    Serialization.Serializer<ChunkRequest> Requests, Serialization.Serializer<ChunkReply> Replies, IBufferTraffic? Traffic = null);

/// <summary>
/// A connection is closed, or its other end does not keep to the protocol. What was asked over it may have been done; it is asked again by
/// message.
/// </summary>
internal sealed class ConnectionBrokenException(string message, Exception? inner = null) : IOException(message, inner);
