using System.Net;
using System.Net.Sockets;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>
/// Two ports for a silo that is about to start, kept for it until it listens: Orleans shares a port with whoever listens there already
/// (SO_REUSEPORT), so that of two silos which took the same free port each would get some of the other's connections, and neither would know.
/// </summary>
/// <remarks>A port that is bound is given to nobody who asks for any, listened on or not; Orleans itself may still bind it.</remarks>
internal sealed class FreePorts : IDisposable
{
    private readonly Socket? _silo;
    private readonly Socket? _gateway;

    private FreePorts(Socket? silo, Socket? gateway, int siloPort, int gatewayPort) =>
        (_silo, _gateway, Silo, Gateway) = (silo, gateway, silo is null ? siloPort : Port(silo), gateway is null ? gatewayPort : Port(gateway));

    /// <summary>The port for other silos.</summary>
    public int Silo { get; }

    /// <summary>The port for clients.</summary>
    public int Gateway { get; }

    /// <summary>Takes two different free ports of <paramref name="address"/>, and keeps them until this is disposed; those that are given (not 0) are left as they are.</summary>
    public static FreePorts Take(IPAddress address, int silo, int gateway) =>
        new(silo == 0 ? Bind(address) : null, gateway == 0 ? Bind(address) : null, silo, gateway);

    /// <summary>Whether <paramref name="exception"/> says that a port is taken.</summary>
    public static bool IsTaken(Exception? exception) => exception switch
    {
        null => false,
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => true,
        AggregateException many => many.InnerExceptions.Any(IsTaken),
        _ => IsTaken(exception.InnerException),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _silo?.Dispose();
        _gateway?.Dispose();
    }

    private static Socket Bind(IPAddress address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}
