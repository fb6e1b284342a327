using System.Net.Sockets;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>How the sockets of step connections are set.</summary>
internal static class ChannelSocket
{
    /// <summary>How long a peer may take with each part of the handshake.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Linux' numbers; .NET has no name for the second.
    private const int IPProtocolTcp = 6;
    private const int TcpUserTimeout = 18;

    /// <summary>Bytes of a key.</summary>
    public const int KeyBytes = 32;

    /// <summary>What the silo answers to a key that is good.</summary>
    public const byte Welcome = 1;

    /// <summary>
    /// The stream of a connected socket. Nothing asynchronous is ever done with it: a thread that blocks in the system's own call is woken
    /// by the packet itself, without the two hops by way of a poller and the thread pool.
    /// </summary>
    public static NetworkStream Stream(Socket socket)
    {
        socket.NoDelay = true;

        // A peer whose machine is gone says nothing: its thread here must not wait for ever.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 3);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);

        // Nor for the quarter of an hour in which Linux sends again what nobody acknowledges.
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(IPProtocolTcp, TcpUserTimeout, BitConverter.GetBytes((int)Patience.TotalMilliseconds));
        return new(socket, ownsSocket: true) { ReadTimeout = (int)Patience.TotalMilliseconds,
            WriteTimeout = (int)Patience.TotalMilliseconds };
    }

    /// <summary>The handshake is over: from now on a read waits as long as a step takes.</summary>
    public static void WaitForEver(Stream stream) => (stream.ReadTimeout, stream.WriteTimeout) = (Timeout.Infinite, Timeout.Infinite);
}
