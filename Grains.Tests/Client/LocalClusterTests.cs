using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Silo;

namespace Orleans.Tbptt.Tests.Client;

[Collection(Processes.Name)]
public sealed class LocalClusterTests : IDisposable
{
    private readonly string _runs = Directory.CreateTempSubdirectory("tbptt-cluster").FullName;
    private readonly SiloProgram _program = SiloProgram.Find(AppContext.BaseDirectory);

    [Fact(Timeout = 120_000)]
    public async Task LocalCluster_ContinuesWithoutAKilledSilo_AndSaysSo()
    {
        var notice = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var cluster = await LocalCluster.StartAsync(_program, Plan(2), notice.SetResult, TestContext.Current.CancellationToken);
        await using (
            var connection = await ClusterConnection.OpenAsync(cluster.MembershipFile, "wave-1", TestContext.Current.CancellationToken))
        {
            var management = connection.Grains.GetGrain<Orleans.Runtime.IManagementGrain>(0);
            Assert.Equal(2, (await management.GetHosts(true, TestContext.Current.CancellationToken)).Count);

            cluster.Silos[0].Kill();

            Assert.StartsWith("silo 1 (process", await notice.Task, StringComparison.Ordinal);
            Assert.Contains(" was killed by SIGKILL (exit code 137), ", await notice.Task, StringComparison.Ordinal);
            Assert.Matches(@"1 of 2 silos left; page http://127\.0\.0\.1:\d+/runs/wave-1$", await notice.Task);
            Assert.False(cluster.Lost.IsCompleted);
        }

        await cluster.EndAsync();
        Assert.All(cluster.Silos, silo => Assert.True(silo.Exited.IsCompleted));
        Assert.Empty(Directory.GetFiles(Path.Combine(_runs, ".cluster")));
        Assert.True(File.Exists(Plan(2).Log(2)));
    }

    [Fact(Timeout = 120_000)]
    public async Task LocalCluster_IsLostWithTheCause_WhenItsLastSiloIsKilled()
    {
        using var cluster = await LocalCluster.StartAsync(_program, Plan(1), _ => { }, TestContext.Current.CancellationToken);

        cluster.Silos[0].Kill();

        string cause = await cluster.Lost.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Contains(" was killed by SIGKILL (exit code 137), ", cause, StringComparison.Ordinal);
        Assert.EndsWith($"; its log is {Plan(1).Log(1)}; no silo is left", cause, StringComparison.Ordinal);
        await cluster.EndAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task LocalCluster_ReportsWhatTheSiloSaidLast_WhenItDiesAtStart()
    {
        // A program that is no silo: the runtime itself refuses it.
        string broken = Path.Combine(_runs, "broken.dll");
        await File.WriteAllTextAsync(broken, "not an assembly", TestContext.Current.CancellationToken);

        var exception = await Assert.ThrowsAsync<ClientException>(
            () => LocalCluster.StartAsync(_program with { Assembly = broken }, Plan(1), _ => { }, TestContext.Current.CancellationToken));

        Assert.Equal(ExitCode.Unreachable, exception.ExitCode);
        Assert.Matches("^silo 1 ended with exit code [0-9]+ before it was ready: .+", exception.Message);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact(Timeout = 120_000)]
    public async Task LocalCluster_NamesTheSignal_WhenASiloIsKilledAtStart()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals.");
        string script = Path.Combine(_runs, "killed.sh");
        await File.WriteAllTextAsync(script, "kill -9 $$", TestContext.Current.CancellationToken);

        var exception = await Assert.ThrowsAsync<ClientException>(
            () => LocalCluster.StartAsync(new("/bin/sh", script), Plan(1), _ => { }, TestContext.Current.CancellationToken));

        Assert.StartsWith(
            "silo 1 was killed by SIGKILL (exit code 137) before it was ready, ", exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task LocalCluster_FailsInOneLine_WhenTheRunsDirectoryCannotBeWritten()
    {
        string file = Path.Combine(_runs, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);

        var exception = await Assert.ThrowsAsync<ClientException>(
            () => LocalCluster.StartAsync(_program, Plan(1) with { Runs = file }, _ => { }, TestContext.Current.CancellationToken));

        Assert.Equal(ExitCode.Unreachable, exception.ExitCode);
        Assert.StartsWith($"cannot use the runs directory {file}", exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task LocalCluster_IsNotStartedTwice_WhileItsSilosLive()
    {
        using var cluster = await LocalCluster.StartAsync(_program, Plan(1), _ => { }, TestContext.Current.CancellationToken);

        var exception = await Assert.ThrowsAsync<ClientException>(
            () => LocalCluster.StartAsync(_program, Plan(1), _ => { }, TestContext.Current.CancellationToken));

        Assert.Equal("run wave-1 has silos already; attach to them with: tbptt attach wave-1", exception.Message);
        Assert.True(File.Exists(cluster.MembershipFile));
        await cluster.EndAsync();
    }

    [Fact]
    public void SiloProgram_NamesWhereItLooked_WhenThereIsNone()
    {
        var exception = Assert.Throws<ClientException>(() => SiloProgram.Find(_runs));

        Assert.Equal(ExitCode.Unreachable, exception.ExitCode);
        Assert.Contains(Path.Combine(_runs, "silo", "tbptt-silo.dll"), exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_runs, recursive: true);

    private ClusterPlan Plan(int silos) => new(_runs, RunId.Parse("wave-1"), silos, Detached: false);
}
