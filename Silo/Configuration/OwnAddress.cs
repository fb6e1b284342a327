using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>
/// The address at which others reach this machine, where the user cannot name it: a container gets its address at start.
/// </summary>
internal static class OwnAddress
{
    /// <summary>The value of <see cref="SiloSettings.Address"/> that asks for detection.</summary>
    public const string Auto = "auto";

    /// <summary>The only IPv4 address of this machine that is not loopback; of several, that of the network with a gateway.</summary>
    /// <exception cref="SiloStartException">There is none, or the choice is ambiguous.</exception>
    public static IPAddress Find() => Choose(
        from network in NetworkInterface.GetAllNetworkInterfaces()
        where network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback
        let properties = network.GetIPProperties()
        let leadsOut = properties.GatewayAddresses.Any(gateway => gateway.Address.AddressFamily == AddressFamily.InterNetwork)
        from address in properties.UnicastAddresses
        where address.Address.AddressFamily == AddressFamily.InterNetwork
        select (address.Address, leadsOut));

    /// <summary>Chooses among the IPv4 addresses of a machine.</summary>
    /// <param name="addresses">The addresses, each with whether its network has a gateway. A bridge to other containers has none.</param>
    /// <exception cref="SiloStartException">There is none, or the choice is ambiguous.</exception>
    internal static IPAddress Choose(IEnumerable<(IPAddress Address, bool LeadsOut)> addresses)
    {
        var all = addresses.Where(one => !IPAddress.IsLoopback(one.Address)).ToList();
        var outward = all.Where(one => one.LeadsOut).ToList();
        return (outward.Count > 0 ? outward : all) switch
        {
            [var only] => only.Address,
            [] => throw Wrong("a machine with an IPv4 address other than loopback; set the address at which others reach this silo"),
            var several =>
                throw Wrong($"a machine with one address; this one has {string.Join(" and ", several.Select(one => one.Address))}; set " +
                    "the one at which others reach this silo"),
        };
    }

    private static SiloStartException Wrong(string expected) =>
        new($"address: found '{Auto}', expected {expected}", SiloExitCode.WrongConfiguration);
}
