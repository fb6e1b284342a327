using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>
/// The address that others reach this machine at, for those who cannot say it: a container is given its own as it starts.
/// </summary>
internal static class OwnAddress
{
    /// <summary>What <see cref="SiloSettings.Address"/> says where it is to be found out.</summary>
    public const string Auto = "auto";

    /// <summary>The one IPv4 address of this machine that is not loopback; of several, the one on the way out.</summary>
    /// <exception cref="SiloStartException">There is none, or nothing tells which.</exception>
    public static IPAddress Find() => Choose(
        from network in NetworkInterface.GetAllNetworkInterfaces()
        where network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback
        let properties = network.GetIPProperties()
        let leadsOut = properties.GatewayAddresses.Any(gateway => gateway.Address.AddressFamily == AddressFamily.InterNetwork)
        from address in properties.UnicastAddresses
        where address.Address.AddressFamily == AddressFamily.InterNetwork
        select (address.Address, leadsOut));

    /// <summary>Chooses among the IPv4 addresses of a machine.</summary>
    /// <param name="addresses">Each with whether its network has a gateway. A bridge to other containers has none.</param>
    /// <exception cref="SiloStartException">There is none, or nothing tells which.</exception>
    internal static IPAddress Choose(IEnumerable<(IPAddress Address, bool LeadsOut)> addresses)
    {
        var all = addresses.Where(one => !IPAddress.IsLoopback(one.Address)).ToList();
        var outward = all.Where(one => one.LeadsOut).ToList();
        return (outward.Count > 0 ? outward : all) switch
        {
            [var only] => only.Address,
            [] => throw Wrong("a machine with another IPv4 address than loopback; give the address that others reach this silo at"),
            var several => throw Wrong($"a machine with one address; this one has {string.Join(" and ", several.Select(one => one.Address))}: give the one that others reach this silo at"),
        };
    }

    private static SiloStartException Wrong(string expected) =>
        new($"address: found '{Auto}', expected {expected}", SiloExitCode.WrongConfiguration);
}
