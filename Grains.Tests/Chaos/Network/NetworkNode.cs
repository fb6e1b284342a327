using System.Diagnostics;
using System.Net;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos.Network;

/// <summary>A machine of a <see cref="NetworkLab"/>: a network namespace with its own address and a wire to the others.</summary>
/// <param name="Namespace">The namespace's name.</param>
/// <param name="Address">Its address in the lab.</param>
internal sealed record NetworkNode(string Namespace, IPAddress Address)
{
    /// <summary>The same program, inside of this machine. The process id stays that of the program.</summary>
    public ProcessStartInfo Inside(ProcessStartInfo start) =>
        // nsenter, unlike "ip netns exec", leaves the mounts alone: the program sees the run store's disks as they come and go.
        new("nsenter", [$"--net=/run/netns/{Namespace}", start.FileName, .. start.ArgumentList])
        {
            RedirectStandardInput = start.RedirectStandardInput,
            RedirectStandardOutput = start.RedirectStandardOutput,
            RedirectStandardError = start.RedirectStandardError,
        };

    /// <summary>Drops whatever this machine sends to <paramref name="other"/>.</summary>
    public void DropTo(IPAddress other) => Iptables("-A", "OUTPUT", "-d", other.ToString(), "-j", "DROP");

    /// <summary>Drops whatever comes from <paramref name="other"/>.</summary>
    public void DropFrom(IPAddress other) => Iptables("-A", "INPUT", "-s", other.ToString(), "-j", "DROP");

    /// <summary>Lets everything pass again.</summary>
    public void Heal() => Iptables("-F");

    private void Iptables(params string[] arguments) => Tool.Run("ip", ["netns", "exec", Namespace, "iptables", "-w", .. arguments]);
}
