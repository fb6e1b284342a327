using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos.Network;

/// <summary>A few machines on a separate wire, made of network namespaces of this one: between them the wire can be cut.</summary>
/// <remarks>
/// <code>
///   this machine 10.x.y.1 ──┐
///   node 1       10.x.y.11 ─┤ bridge, in a separate namespace: no rule or setting of this machine's touches the traffic
///   node 2       10.x.y.12 ─┘
/// </code>
/// Nothing leads from it to anywhere else. All names have this process's id, and a lab clears away what dead processes left behind.
/// </remarks>
internal sealed partial class NetworkLab : IDisposable
{
    private const string Prefix = "tbptt-lab-";
    private const string Bridge = "hub";
    private const int FirstNode = 11;
    // From the look which subnets are free until one of them is taken: labs of tests that run at the same time must not find the same one.
    private static readonly Lock Addressing = new();
    private static readonly Lazy<bool> Swept = new(SweepLeftovers);
    private static int _count;

    private readonly string _name;
    private readonly string _ownWire;
    private readonly string _subnet;
    private SlowWire? _slow;

    private NetworkLab(string subnet)
    {
        int number = Interlocked.Increment(ref _count);
        (_subnet, Hub) = (subnet, IPAddress.Parse($"{subnet}.1"));
        (_name, _ownWire) = ($"{Prefix}{Environment.ProcessId}-{number}", $"tb{Environment.ProcessId}x{number}");
    }

    /// <summary>The machines.</summary>
    public IReadOnlyList<NetworkNode> Nodes { get; private set; } = [];

    /// <summary>This machine's own address on the wire: for servers that all nodes share.</summary>
    public IPAddress Hub { get; }

    /// <summary>Makes a lab. The test is skipped, or in CI fails, where that is not allowed.</summary>
    /// <param name="nodes">How many machines.</param>
    public static NetworkLab Create(int nodes)
    {
        Tool.RequireAsRoot("ip", "iproute2");
        Tool.RequireAsRoot("iptables", "iptables");
        _ = Swept.Value;
        lock (Addressing)
            return Built(new NetworkLab(FreeSubnet()), nodes);
    }

    /// <summary>Cuts the wire between two machines, both ways.</summary>
    public static void Cut(NetworkNode one, NetworkNode other)
    {
        CutOneWay(one, other.Address);
        CutOneWay(other, one.Address);
    }

    /// <summary>Drops what one machine sends to another; what comes the other way arrives.</summary>
    public static void CutOneWay(NetworkNode from, IPAddress to) => from.DropTo(to);

    /// <summary>Cuts a machine off from everybody, the shared servers included.</summary>
    public void Isolate(NetworkNode node)
    {
        foreach (var other in Nodes.Where(other => other != node).Select(other => other.Address).Append(Hub))
        {
            node.DropTo(other);
            node.DropFrom(other);
        }
    }

    /// <summary>Mends every wire.</summary>
    public void Heal()
    {
        foreach (var node in Nodes)
            node.Heal();
    }

    /// <summary>
    /// Gives the machines, and this one, addresses on a wire that is slow and loses packets. What was started before keeps the fast one.
    /// </summary>
    /// <returns>The wire; it ends with the lab.</returns>
    public SlowWire SlowDown(TimeSpan delay, double loss)
    {
        lock (Addressing)
            return _slow = SlowWireOf(FreeSubnet(), new(delay, loss));
    }

    /// <summary>Takes the lab away. Processes in it have to be gone.</summary>
    public void Dispose()
    {
        _slow?.Dispose();
        Remove(_name);
    }

    private static NetworkLab Built(NetworkLab lab, int nodes)
    {
        try
        {
            lab.Build(nodes);
            return lab;
        }
        catch
        {
            lab.Dispose();
            throw;
        }
    }

    private void Build(int nodes)
    {
        string hub = $"{_name}-hub";
        Tool.Run("ip", "netns", "add", hub);
        Tool.Run("ip", "-n", hub, "link", "add", Bridge, "type", "bridge");
        Tool.Run("ip", "-n", hub, "link", "set", Bridge, "up");
        Tool.Run("ip", "link", "add", _ownWire, "type", "veth", "peer", "name", "own", "netns", hub);
        Tool.Run("ip", "address", "add", $"{Hub}/24", "dev", _ownWire);
        Tool.Run("ip", "link", "set", _ownWire, "up");
        Join(hub, "own");
        Nodes = [.. Enumerable.Range(1, nodes).Select(number => AddNode(hub, number))];
    }

    private NetworkNode AddNode(string hub, int number)
    {
        var node = new NetworkNode($"{_name}-{number}", IPAddress.Parse($"{_subnet}.{FirstNode + number - 1}"));
        Tool.Run("ip", "netns", "add", node.Namespace);
        Tool.Run("ip", "-n", node.Namespace, "link", "set", "lo", "up");
        Tool.Run("ip", "-n", node.Namespace, "link", "add", "wire", "type", "veth", "peer", "name", $"node{number}", "netns", hub);
        Tool.Run("ip", "-n", node.Namespace, "address", "add", $"{node.Address}/24", "dev", "wire");
        Tool.Run("ip", "-n", node.Namespace, "link", "set", "wire", "up");
        Join(hub, $"node{number}");
        return node;
    }

    private SlowWire SlowWireOf(string subnet, SlowWire wire)
    {
        Nodes = [.. Nodes.Select((node, index) => node with { Address = IPAddress.Parse($"{subnet}.{FirstNode + index}") })];
        foreach (var node in Nodes)
            wire.Join(node.Namespace, node.Address);
        wire.Join(null, IPAddress.Parse($"{subnet}.1"));
        wire.Start();
        return wire;
    }

    private static void Join(string hub, string wire)
    {
        Tool.Run("ip", "-n", hub, "link", "set", wire, "master", Bridge);
        Tool.Run("ip", "-n", hub, "link", "set", wire, "up");
    }

    /// <summary>A subnet of 10.0.0.0/8 that no interface of this machine is in and no route leads to.</summary>
    private static string FreeSubnet()
    {
        string taken = Tool.Run("ip", "-4", "route", "show", "table", "all");
        return Enumerable.Range(0, 250)
            .Select(number => $"10.{213 + (Environment.ProcessId % 40)}.{(number + Environment.ProcessId) % 250}")
            .First(subnet => !taken.Contains($"{subnet}.", StringComparison.Ordinal));
    }

    private static bool SweepLeftovers()
    {
        var names = Namespaces().Select(name => Name().Match(name))
            .Where(name => name.Success && Workplace.IsLeftover(name.Groups["pid"].Value));
        foreach (string lab in names.Select(name => name.Groups["lab"].Value).Distinct().ToArray())
            Remove(lab);
        return true;
    }

    /// <summary>Ends what is left in a lab's namespaces and deletes them; their wires go with them.</summary>
    private static void Remove(string lab)
    {
        foreach (string name in Namespaces().Where(name => name.StartsWith($"{lab}-", StringComparison.Ordinal)).ToArray())
        {
            foreach (string pid in Tool.Run("ip", "netns", "pids", name).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Signals.Send(int.Parse(pid, CultureInfo.InvariantCulture), Signal.Kill);
            Tool.Run("ip", "netns", "delete", name);
        }
    }

    private static IEnumerable<string> Namespaces() =>
        Tool.Run("ip", "netns", "list").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]);

    [GeneratedRegex("^(?<lab>tbptt-lab-(?<pid>[0-9]+)-[0-9]+)-", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
