using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Cluster.Membership;

public sealed class LocalClusterLifeTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _runs = new();
    private readonly RunDirectory _run;
    private readonly string _membership;

    public LocalClusterLifeTests()
    {
        _run = new(_runs.Path, RunId.Parse("wave-1"));
        _membership = LocalClusterLife.MembershipFileOf(_runs.Path, _run.Id);
    }

    [Fact]
    public async Task RunOnItsOwnSilos_IsInterrupted_WhenTheLastOfThemIsGone()
    {
        Write(Status());
        using (await LocalClusterLife.HoldAsync(_membership, TimeProvider.System))
        {
            using (await LocalClusterLife.HoldAsync(_membership, TimeProvider.System))
                Assert.True(LocalClusterLife.IsAlive(_run));
            Assert.True(LocalClusterLife.IsAlive(_run));
            Assert.False(Info(Status()).IsInterrupted);
        }

        // Silos that were killed leave their files.
        Assert.True(File.Exists(LocalClusterLife.FileOf(_membership)));
        Assert.False(LocalClusterLife.IsAlive(_run));
        var interrupted = Info(Status());
        Assert.Equal((true, true, true, "interrupted"), (interrupted.IsInterrupted, interrupted.IsLost, interrupted.IsResumable,
            interrupted.State));
    }

    [Fact]
    public async Task LastSilo_DeletesTheFiles()
    {
        SqliteMembership.Prepare(_membership);
        var first = await LocalClusterLife.HoldAsync(_membership, TimeProvider.System);
        var second = await LocalClusterLife.HoldAsync(_membership, TimeProvider.System);

        first.Dispose();
        LocalClusterLife.DeleteIfLast(_membership);
        Assert.True(File.Exists(_membership));
        second.Dispose();
        LocalClusterLife.DeleteIfLast(_membership);
        LocalClusterLife.DeleteIfLast(_membership);

        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(_membership)!));
    }

    [Theory]
    [InlineData(RunState.Queued, true)]
    [InlineData(RunState.Starting, true)]
    [InlineData(RunState.Paused, false)]
    [InlineData(RunState.Stopped, false)]
    public void UnendedRun_IsInterrupted_WhenItsClusterWasDeleted(RunState state, bool expected)
    {
        Write(Status() with { State = state });

        Assert.Equal(expected, Info(Status() with { State = state }).IsInterrupted);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(60, true)]
    public void RunOfAnotherMachine_IsInterrupted_WhenItsStatusIsOld(int seconds, bool expected)
    {
        Assert.Null(LocalClusterLife.IsAlive(_run));

        Assert.Equal(expected, new RunInfo(_run, Status() with { State = RunState.Queued }, Noon.AddSeconds(seconds)).IsInterrupted);
    }

    [Fact]
    public void RunOfAStandingCluster_IsNeverInterrupted()
    {
        var status = Status() with { State = RunState.Queued, Cluster = "tbptt" };
        Write(status);

        Assert.False(Info(status).IsInterrupted);
        Assert.False(Info(status).IsLost);
    }

    public void Dispose() => _runs.Dispose();

    private static RunStatus Status() => new()
    {
        Id = "wave-1", Name = "wave", Cluster = "wave-1", State = RunState.Running, Epochs = 2, SubmittedAt = Noon, UpdatedAt = Noon,
    };

    private RunInfo Info(RunStatus status) => new(_run, status, Noon.AddSeconds(1));

    private void Write(RunStatus status)
    {
        Directory.CreateDirectory(_run.Path);
        File.WriteAllText(_run.Status, RunJson.Write(status));
    }
}
