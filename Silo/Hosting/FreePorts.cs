using System.Net;
using System.Net.Sockets;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>Ports that nobody listens on. Somebody may take one before the silo does: a start that meets this is tried again with others.</summary>
internal static class FreePorts
{
    /// <summary>Two different free ports of <paramref name="address"/>; those that are given (not 0) are kept.</summary>
    public static (int Silo, int Gateway) Choose(IPAddress address, int silo, int gateway)
    {
        // Both are open at once, so that they differ.
        using var first = new TcpListener(address, 0);
        using var second = new TcpListener(address, 0);
        first.Start();
        second.Start();
        return (silo != 0 ? silo : Port(first), gateway != 0 ? gateway : Port(second));
    }

    /// <summary>Whether <paramref name="exception"/> says that a port is taken.</summary>
    public static bool IsTaken(Exception? exception) => exception switch
    {
        null => false,
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => true,
        AggregateException many => many.InnerExceptions.Any(IsTaken),
        _ => IsTaken(exception.InnerException),
    };

    private static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;
}
