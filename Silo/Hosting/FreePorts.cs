using System.Net;
using System.Net.Sockets;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>
/// Two ports reserved for a silo until it listens: Orleans shares a port with an existing listener
/// (SO_REUSEPORT), so two silos that chose the same free port would silently receive some of each other's connections.
/// </summary>
/// <remarks>The system does not assign a bound port to others, whether it listens or not; Orleans itself can still bind it.</remarks>
internal sealed class FreePorts : IDisposable
{
    // Linux constants.
    private const int SolSocket = 1;
    private const int SoReuseAddr = 2;

    private readonly Socket? _silo;
    private readonly Socket? _gateway;

    private FreePorts(Socket? silo, Socket? gateway, int siloPort, int gatewayPort) =>
        (_silo, _gateway, Silo, Gateway) =
            (silo, gateway, silo is null ? siloPort : Port(silo), gateway is null ? gatewayPort : Port(gateway));

    /// <summary>The port for other silos.</summary>
    public int Silo { get; }

    /// <summary>The port for clients.</summary>
    public int Gateway { get; }

    /// <summary>Reserves two different free ports of <paramref name="address"/> until disposed; given ports (not 0) are kept.</summary>
    public static FreePorts Take(IPAddress address, int silo, int gateway) =>
        new(silo == 0 ? Bind(address) : null, gateway == 0 ? Bind(address) : null, silo, gateway);

    /// <summary>
    /// The first of some ports of <paramref name="address"/> that is in use; null when none is. A check without a lock: a port taken at the
    /// same moment is missed.
    /// </summary>
    /// <param name="address">The address.</param>
    /// <param name="ports">The ports; 0 for any.</param>
    public static int? FindTaken(IPAddress address, params ReadOnlySpan<int> ports)
    {
        foreach (int port in ports)
        {
            if (port != 0 && IsPortInUse(address, port))
                return port;
        }

        return null;
    }

    /// <summary>Whether <paramref name="exception"/> means that a port is in use.</summary>
    public static bool IsPortInUse(Exception? exception) => exception switch
    {
        null => false,
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => true,
        AggregateException many => many.InnerExceptions.Any(IsPortInUse),
        _ => IsPortInUse(exception.InnerException),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _silo?.Dispose();
        _gateway?.Dispose();
    }

    private static bool IsPortInUse(IPAddress address, int port)
    {
        // .NET's own ReuseAddress is SO_REUSEPORT, too, with which a listener's port would be shared; SO_REUSEADDR alone passes over what
        // is left of closed connections.
        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (OperatingSystem.IsLinux())
            probe.SetRawSocketOption(SolSocket, SoReuseAddr, BitConverter.GetBytes(1));
        try
        {
            probe.Bind(new IPEndPoint(address, port));
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return true;
        }
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
