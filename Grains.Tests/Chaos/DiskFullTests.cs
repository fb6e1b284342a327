using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Chaos.Disk;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>The disk of the checkpoints is full: the run continues without them, loudly, until there is room again.</summary>
public sealed class DiskFullTests(ChaosReport report) : ChaosTest(report)
{
    private const long DiskBytes = 4 << 20;

    [Fact(Timeout = Limit)]
    public async Task Run_ContinuesWithAWarning_WhenItsCheckpointsHaveNoRoom_AndWritesThemAgainLater()
    {
        var spec = RecoverySpecs.Longer(5);
        var cluster = await StartClusterAsync(silos: 1);

        // The run has the disk before it is born: its directory of checkpoints exists already.
        var run = cluster.Record(cluster.NextRun(spec));
        var disk = Keep(SmallDisk.Mount(run.Run.Checkpoints, DiskBytes));
        await cluster.SubmitAsync(spec);
        await run.Await<CheckpointWritten>("a checkpoint", _ => true);

        var strike = Strike.With("the disk of the checkpoints is full", disk.Fill);
        var warning = await run.Await<RunWarning>("the warning", one => one.Time > strike.At);
        Assert.Contains(run.Run.Checkpoints, warning.Message, StringComparison.Ordinal);
        await run.Await<StepCommitted>("steps without checkpoints", one => one.Number > warning.Number + 100);
        Assert.DoesNotContain(run.Events.OfType<CheckpointWritten>(), one => one.Number > warning.Number);
        Assert.NotEqual("",
            (await ChaosClient.Ask<RunStatus>("the status", async () => await cluster.Coordinator(run.Id).GetStatus())).Warning);

        disk.MakeRoom();
        await run.Await<CheckpointWritten>("a checkpoint where there is room", _ => true, after: warning.Number);
        await run.AwaitEnd();

        ChaosAssert.SameBits(spec, run);
        Assert.Equal("", run.Run.ReadStatus()!.Warning);
        await ReportAsync(strike, run);
    }
}
