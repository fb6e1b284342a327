using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Orleans.Tbptt.Cluster.Security;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>What keeps a client from its cluster, found out by connecting to the addresses at which the silos are listed.</summary>
/// <param name="Text">The cause and the remedy, for the user.</param>
/// <param name="MayPass">Whether a silo listens and may answer later: it starts, or the machine is loaded.</param>
internal sealed record UnansweredCause(string Text, bool MayPass)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(2);

    private enum Finding
    {
        Refused, Silent, Plain, Tls,
    }

    /// <summary>Looks for the cause.</summary>
    /// <param name="gateways">The addresses of the silos that are listed as alive.</param>
    /// <param name="tls">Whether this client's connections are secured.</param>
    public static async Task<UnansweredCause> FindAsync(IReadOnlyCollection<Uri> gateways, bool tls)
    {
        if (gateways.Count == 0)
            return new("no silo is listed as alive; start one, or look for the log of the silos that ended", MayPass: false);
        var found = await Task.WhenAll(gateways.Select(async gateway => (Gateway: gateway, Finding: await LookAsync(gateway))));
        string Addresses(Finding finding) =>
            string.Join(", ", found.Where(one => one.Finding == finding).Select(one => $"{one.Gateway.Host}:{one.Gateway.Port}"));
        if (!tls && Addresses(Finding.Tls) is { Length: > 0 } secured)
            return new($"the silo at {secured} secures its connections, and this program does not: set {TlsSettings.Section}", false);
        if (tls && Addresses(Finding.Tls) is { Length: > 0 } refusing)
            return new($"the silo at {refusing} did not accept this program over TLS: compare {TlsSettings.Section} with its settings; "
                + "its log names the peers that it refuses", false);
        if (Addresses(Finding.Plain) is { Length: > 0 } plain)
            return tls
                ? new($"this program secures its connections ({TlsSettings.Section}), and the silo at {plain} does not", false)
                : new($"the silo at {plain} accepts connections and does not answer: it starts, its machine is overloaded, or it is frozen",
                    MayPass: true);
        return Addresses(Finding.Refused) is { Length: > 0 } refused
            ? new($"{refused} refuses connections, so the silo that is listed there has ended; start one", false)
            : new($"nothing answers at {Addresses(Finding.Silent)}: the machine is off, or a firewall drops the connection", false);
    }

    private static async Task<Finding> LookAsync(Uri gateway)
    {
        using var client = new TcpClient();
        try
        {
            using var limit = new CancellationTokenSource(ConnectTimeout);
            await client.ConnectAsync(gateway.Host, gateway.Port, limit.Token);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return Finding.Refused;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return Finding.Silent;
        }

        try
        {
            using var limit = new CancellationTokenSource(HandshakeTimeout);
#pragma warning disable CA5359 // Nothing is sent over the connection: only whether the peer speaks TLS is looked for.
            await using var stream = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = gateway.Host }, limit.Token);
            return Finding.Tls;
        }
        catch (AuthenticationException exception) when (exception.InnerException is not null)
        {
            // An alert, such as that the certificate of this client is missing: the peer speaks TLS.
            return Finding.Tls;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or OperationCanceledException)
        {
            return Finding.Plain;
        }
    }
}
