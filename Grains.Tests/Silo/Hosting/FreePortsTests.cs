using System.Net;
using System.Net.Sockets;
using Orleans.Tbptt.Silo.Hosting;

namespace Orleans.Tbptt.Tests.Silo.Hosting;

public sealed class FreePortsTests
{
    [Fact]
    public void Ports_AreGivenToNobodyElse_UntilTheSiloHasThem()
    {
        var all = Enumerable.Range(0, 200).Select(_ => FreePorts.Take(IPAddress.Loopback, 0, 0)).ToList();
        try
        {
            Assert.Equal(400, all.SelectMany(ports => (int[])[ports.Silo, ports.Gateway]).Distinct().Count());
        }
        finally
        {
            all.ForEach(ports => ports.Dispose());
        }
    }

    [Fact]
    public void Port_IsTaken_WhileSomebodyListens_AndNotByWhatIsLeftOfHisConnections()
    {
        int port;
        using (var ports = FreePorts.Take(IPAddress.Loopback, 0, 0))
            port = ports.Silo;
        using (var silo = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            // As Orleans listens: with SO_REUSEPORT, so that another one like it would share the port.
            silo.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            silo.Bind(new IPEndPoint(IPAddress.Loopback, port));
            silo.Listen();
            using var client = new TcpClient(AddressFamily.InterNetwork);
            client.Connect(IPAddress.Loopback, port);
            using var accepted = silo.Accept();

            Assert.Equal(port, FreePorts.FindTaken(IPAddress.Loopback, port, 0));
            Assert.Equal(port, FreePorts.FindTaken(IPAddress.Loopback, 0, port));

            // Closed from this side first: the port keeps the connection for a minute.
            accepted.Shutdown(SocketShutdown.Both);
        }

        Assert.Null(FreePorts.FindTaken(IPAddress.Loopback, port, 0));
    }

    [Fact]
    public void Silo_ListensOnAPortThatIsKeptForIt()
    {
        using var ports = FreePorts.Take(IPAddress.Loopback, 0, 7);
        Assert.Equal(7, ports.Gateway);

        // As Orleans binds.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, ports.Silo));
        listener.Listen();
        using var client = new TcpClient(AddressFamily.InterNetwork);
        client.Connect(IPAddress.Loopback, ports.Silo);

        using var accepted = listener.Accept();
        Assert.Equal(client.Client.LocalEndPoint, accepted.RemoteEndPoint);
    }
}
