using System.Diagnostics;
using System.Globalization;
using System.Net;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos.Network;

/// <summary>Wires that are cut, and mended.</summary>
public sealed class NetworkLabTests(ChaosReport report) : ChaosTest(report)
{
    [Fact(Timeout = Limit)]
    public void Nodes_ReachEachOther_OnlyWhereNoWireIsCut()
    {
        var lab = Keep(NetworkLab.Create(3));
        var (a, b, c) = (lab.Nodes[0], lab.Nodes[1], lab.Nodes[2]);
        Assert.True(Reaches(a, b) && Reaches(b, a) && Reaches(b, c));

        NetworkLab.Cut(a, b);
        Assert.False(Reaches(a, b) || Reaches(b, a));
        Assert.True(Reaches(a, c) && Reaches(b, c));

        lab.Heal();
        Assert.True(Reaches(a, b));

        // What b sends arrives, and it is a's answer that is dropped.
        NetworkLab.CutOneWay(a, b.Address);
        Assert.False(Reaches(b, a));
        Assert.True(Dropped(a) > 0);
        Assert.False(Reaches(a, b));

        lab.Heal();
        lab.Isolate(a);
        Assert.False(Reaches(a, b) || Reaches(a, c) || ReachesHub(lab, a));
        Assert.True(Reaches(b, c) && ReachesHub(lab, b));
    }

    [Fact(Timeout = Limit)]
    public async Task Silo_IsTakenForDeadByTheOthers_WhenItsWiresToThemAreCut()
    {
        var lab = Keep(NetworkLab.Create(3));
        var redis = Keep(await LabRedis.StartAsync(lab, Workplace));
        var cluster = await StartClusterAsync(new(Workplace, MembershipStore.Redis(redis.Address), lab));
        var (cut, others) = (cluster.Silos[0], cluster.Silos.Skip(1).ToArray());

        foreach (var other in others)
            NetworkLab.Cut(cluster.NodeOf(cut), cluster.NodeOf(other));

        // It reaches the membership store still, reads there that it is dead, and ends.
        await cut.Exited.WaitAsync(Wait.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(70, cut.ExitCode);
        await cluster.AllActiveAsync();
        Assert.All(others, silo => Assert.True(silo.IsAlive));
    }

    [Fact(Timeout = Limit)]
    public void SlowWire_DeliversLate()
    {
        var lab = Keep(NetworkLab.Create(2));
        lab.SlowDown(TimeSpan.FromMilliseconds(100), loss: 0);

        long asked = Stopwatch.GetTimestamp();
        Assert.True(Reaches(lab.Nodes[0], lab.Nodes[1]));

        Assert.InRange(Stopwatch.GetElapsedTime(asked).TotalMilliseconds, 200, 2_000);
    }

    private static bool Reaches(NetworkNode from, NetworkNode to) => Reaches(from, to.Address);

    private static bool ReachesHub(NetworkLab lab, NetworkNode from) => Reaches(from, lab.Hub);

    /// <summary>Whether a connection is refused: nobody listens, but the question went there and the answer came back.</summary>
    private static bool Reaches(NetworkNode from, IPAddress to) =>
        Tool.Try("ip", "netns", "exec", from.Namespace, "timeout", "0.9", "bash", "-c", $"exec 3<>/dev/tcp/{to}/9") switch
        {
            { Error: var error } when error.Contains("refused", StringComparison.Ordinal) => true,
            { ExitCode: 124 } => false,
            var other => throw new InvalidOperationException(other.ToString()),
        };

    /// <summary>How many packets the first rule for what a machine sends has dropped.</summary>
    private static int Dropped(NetworkNode node) => int.Parse(
        Tool.Run("ip", "netns", "exec", node.Namespace, "iptables", "-nvxL", "OUTPUT")
            .Split('\n')[2].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0],
        CultureInfo.InvariantCulture);
}
