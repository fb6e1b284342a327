namespace Orleans.Tbptt.Grains.Transport;

/// <summary>Where a silo takes a TCP connection, and what lets a coordinator in.</summary>
/// <param name="Port">The port, at the silo's address.</param>
/// <param name="Key">What the connection has to begin with. Good for one connection, and not for long.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ChannelOffer")]
internal sealed record ConnectionOffer([property: Id(0)] int Port, [property: Id(1)] byte[] Key);
