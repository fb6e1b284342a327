using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Chaos.Disk;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Chaos.Network;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>What the other tests of this folder build on has to hold itself.</summary>
public sealed class HarnessTests(ChaosReport report) : ChaosTest(report)
{
    [Fact(Timeout = Limit)]
    public async Task Cluster_TrainsToTheUnfaultedBits_AndReportsWatchersWhatTheFileReports()
    {
        var cluster = await StartClusterAsync();
        var run = await cluster.SubmitAsync(ChaosSpecs.Standard);
        var watch = new RunWatch(cluster, run.Id).ToTheEndAsync();
        var places = await Whereabouts.FindAsync(cluster, run.Id);

        await run.AwaitEnd();

        ChaosAssert.SameBits(ChaosSpecs.Standard, run);
        Assert.Equal(run.Lines, await watch);
        Assert.Equal(3, places.Trainers.Distinct().Count());
        Assert.NotEqual(places.Coordinator, places.OfATrainer);
        Assert.Empty(run.Events.OfType<TrainersRecovered>());
    }

    [Fact(Timeout = Limit)]
    public async Task Silo_CanBeFrozenThawedTerminatedAndReplaced_AndTheClusterKnows()
    {
        var membership = MembershipStore.Redis(await StartRedisAsync());
        var cluster = await StartClusterAsync(new ChaosSetup(Workplace, membership));
        var silos = cluster.Silos;

        var frozen = Strike.With("a silo is frozen (SIGSTOP)", silos[0].Freeze);
        await cluster.AllActiveAsync();
        Assert.True(silos[0].IsAlive);
        Assert.InRange((await membership.NoticedAfterAsync(frozen, silos[0]))!.Value, 0, 30);
        silos[0].Thaw();
        await silos[0].Exited.WaitAsync(Wait.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(70, silos[0].ExitCode);

        var (code, _) = await silos[1].TerminateAsync();
        Assert.Equal(0, code);
        await cluster.StartSilosAsync(1);
        await cluster.AllActiveAsync();
        Assert.Equal(2, cluster.Awake.Count);
    }

    [Fact(Timeout = Limit)]
    public async Task Disk_IsFull_AndHasRoomAgain()
    {
        using var disk = SmallDisk.Mount(Workplace.File("disk"), 1 << 20);
        string file = Path.Combine(disk.Path, "file");

        disk.Fill();
        await Assert.ThrowsAsync<IOException>(() => File.WriteAllBytesAsync(file, new byte[8192], TestContext.Current.CancellationToken));
        disk.MakeRoom();
        await File.WriteAllBytesAsync(file, new byte[8192], TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = Limit)]
    public async Task Test_LeavesNoProcessNamespaceOrMountBehind_WhenItThrows()
    {
        string path = "", store = "";
        var lab = default(NetworkLab);
        await using (var test = new Throwing(Costs))
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => test.RunAsync(made =>
            {
                (path, store, lab) = made;
                Assert.NotEmpty(Workplace.ProcessesNaming(path));
                Assert.Contains(lab.Nodes[0].Namespace, Namespaces());
                Assert.Contains(store, Mounts());
            }));
        }

        Assert.Empty(Workplace.ProcessesNaming(path));
        Assert.DoesNotContain(lab!.Nodes[0].Namespace, Namespaces());
        Assert.DoesNotContain(store, Mounts());
        Assert.False(Directory.Exists(path));
    }

    private static string Namespaces() => Tool.Run("ip", "netns", "list");

    private static string Mounts() => File.ReadAllText("/proc/mounts");

    /// <summary>A test that makes all there is to make, freezes a silo, and throws.</summary>
    private sealed class Throwing(ChaosReport report) : ChaosTest(report)
    {
        public async Task RunAsync(Action<(string Path, string Store, NetworkLab Lab)> check)
        {
            var lab = Keep(NetworkLab.Create(1));
            var redis = Keep(await LabRedis.StartAsync(lab, Workplace));
            var disk = Keep(SmallDisk.Mount(Workplace.Store, 8 << 20));
            var cluster = await StartClusterAsync(new(Workplace, MembershipStore.Redis(redis.Address), lab), silos: 1);
            cluster.Silos[0].Freeze();
            check((Workplace.Path, disk.Path, lab));
            throw new InvalidOperationException("the test fails");
        }
    }
}
