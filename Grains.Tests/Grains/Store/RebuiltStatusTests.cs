using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Grains.Runs;

namespace Orleans.Tbptt.Tests.Grains.Store;

/// <summary>A run whose status.json was damaged by hand.</summary>
public sealed class RebuiltStatusTests : TakeoverTest
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("", 1)]
    [InlineData("{\n  \"id\": \"a\",\n  \"na", 3)]
    [InlineData("null", 1)]
    [InlineData("{\n}", 2)]
    public void Status_IsRebuilt_FromCheckpointAndJournal_WhenItWasCut(string content, int line)
    {
        Leave(steps: 9, 4, 8);
        File.WriteAllText(Directory.Status, content);

        var status = Directory.ReadStatus()!;

        Assert.Equal((RunState.Running, 9L, 8L, 9L), (status.State, status.Step, status.CheckpointStep, status.LastEvent));
        Assert.Equal(Checkpoints.CheckpointFixture.About().EpochLosses, status.EpochLosses);
        Assert.Equal(
            $"{Directory.Status}: found text that is no status from line {line} on; this status is rebuilt from the run's other files",
            status.Warning);
    }

    [Fact]
    public void Status_IsRebuilt_WithTheRunsEnd_WhenItIsGone()
    {
        Saved.Begin(1);
        Report(Started(), Step(1), Epoch(1), Step(2), Epoch(2), End(1) with { Time = Noon.AddHours(1) });
        File.AppendAllText(Directory.Metrics, "{\"type\":\"st");
        File.Delete(Directory.Status);

        var status = Assert.Single(Saved.Runs.List());

        Assert.Equal((Run.Text, "wave", 7, RunState.Diverged, "its own words"),
            (status.Id, status.Name, status.Epochs, status.State, status.Message));
        Assert.Equal((Noon, Noon.AddHours(1)), (status.SubmittedAt, status.EndedAt));
        Assert.Equal([1.5, 1.5], status.EpochLosses);
        Assert.Equal("", status.Cluster);
    }

    [Fact]
    public void Status_IsThatOfAPausedRun_WhereItsLastEventIsThePause()
    {
        Saved.Begin(1);
        Report(Started(), Step(1), new RunPaused { Step = 1, Reason = "lunch" });
        File.Delete(Directory.Status);

        Assert.Equal((RunState.Paused, "lunch"), (Directory.ReadStatus()!.State, Directory.ReadStatus()!.Message));
    }

    [Fact]
    public void Status_IsRebuilt_WhenEverythingElseIsDamagedToo()
    {
        File.WriteAllText(Directory.Metrics, "\0\0\n{}\n[");
        System.IO.Directory.CreateDirectory(Path.Combine(Directory.Checkpoints, "3-7"));
        File.Delete(Directory.Status);

        var status = Directory.ReadStatus()!;

        Assert.Equal((Run.Text, RunState.Running, 0L), (status.Id, status.State, status.Step));
        Assert.StartsWith("found no ", status.Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void RebuiltStatus_MakesNoSiloContinueTheRun_ThatMayBelongToAnotherCluster()
    {
        File.Delete(Directory.Status);

        Assert.Empty(new UnendedRuns(Saved.Runs).Of("default"));
        Assert.Single(Saved.Runs.All());
    }

    private static RunStarted Started() => new()
    {
        Run = Run.Text, Name = "wave", Epochs = 7, StepsPerEpoch = 1, Trainers = 1, Lanes = 1, Parameters = 1, Directory = "", Time = Noon,
    };

    private static EpochFinished Epoch(int epoch) => new() { Epoch = epoch, Step = epoch, Loss = 1.5, Seconds = 1 };
}
