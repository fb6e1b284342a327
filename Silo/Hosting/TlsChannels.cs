using System.Net.Security;
using Orleans.Tbptt.Cluster.Security;
using Orleans.Tbptt.Grains.Transport.Tcp;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>
/// Secures step channels with the identity that secures Orleans' connections: both sides show a certificate before the first byte passes.
/// </summary>
internal sealed class TlsChannels(TlsIdentity identity) : IChannelSecurity
{
    /// <inheritdoc/>
    public Stream Accept(Stream plain) => Secure(plain, secured => secured.AuthenticateAsServer(identity.ForAccepted()));

    /// <inheritdoc/>
    public Stream Open(Stream plain) => Secure(plain, secured => secured.AuthenticateAsClient(identity.ForOpened()));

    // The plain stream's timeouts end a stalled handshake.
    private static SslStream Secure(Stream plain, Action<SslStream> shakeHands)
    {
        var secured = new SslStream(plain);
        try
        {
            shakeHands(secured);
            return secured;
        }
        catch
        {
            secured.Dispose();
            throw;
        }
    }
}
