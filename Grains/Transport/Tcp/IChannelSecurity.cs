namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>Secures step connections as the silos' other connections are secured. Blocks.</summary>
public interface IChannelSecurity
{
    /// <summary>Secures a connection that another silo opened; owns the stream from then on.</summary>
    Stream Accept(Stream plain);

    /// <summary>Secures a connection that this silo opened; owns the stream from then on.</summary>
    Stream Open(Stream plain);
}

/// <summary>Leaves step connections as they are, where the silos' other connections are not secured either.</summary>
internal sealed class PlainChannels : IChannelSecurity
{
    public Stream Accept(Stream plain) => plain;

    public Stream Open(Stream plain) => plain;
}
