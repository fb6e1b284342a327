using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Store;

public sealed class UnendedRunsTests : IDisposable
{
    private static readonly DateTime Written = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private readonly TemporaryDirectory _directory = new();
    private readonly RunStore _store;
    private readonly UnendedRuns _runs;

    public UnendedRunsTests()
    {
        _store = new(Options.Create(new TbpttGrainsOptions { RunsDirectory = _directory.File("runs") }));
        _runs = new(_store);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(RunState.Starting, true)]
    [InlineData(RunState.Running, true)]
    [InlineData(RunState.Queued, true)]
    [InlineData(RunState.Paused, false)]
    [InlineData(RunState.Completed, false)]
    [InlineData(RunState.Failed, false)]
    [InlineData(RunState.Stopped, false)]
    [InlineData(RunState.Diverged, false)]
    public void Run_IsSeenTo_UnlessItHasEndedOrIsPaused(RunState state, bool seenTo)
    {
        Put("a", state);

        Assert.Equal(seenTo ? ["a"] : [], Of());
    }

    [Fact]
    public void RunsOfOtherClusters_AreLeftToThem()
    {
        Put("ours", RunState.Running);
        Put("theirs", RunState.Running, cluster: "other");
        Put("nobodys", RunState.Running, cluster: "");

        Assert.Equal(["ours"], Of());
        Assert.Equal(["theirs"], _runs.Of("other").Select(run => run.Text));
    }

    [Fact]
    public void Nothing_IsSeenTo_InAStoreThatDoesNotExistYet() => Assert.Empty(Of());

    [Fact]
    public void DamagedStatus_HidesNoOtherRun_AndItsRunIsSeenAgainOnceItIsMended()
    {
        Put("whole", RunState.Running);
        Put("torn", RunState.Running);
        Put("empty", RunState.Running);
        Put("null", RunState.Running);
        string path = Run("torn").Status, whole = File.ReadAllText(path);
        File.WriteAllText(path, whole[..(whole.Length / 2)]);
        File.WriteAllText(Run("empty").Status, "");
        File.WriteAllText(Run("null").Status, "null");
        Directory.CreateDirectory(Run("directory").Status);

        Assert.Equal(["whole"], Of());
        File.WriteAllText(path, whole);

        Assert.Equal(["torn", "whole"], Of());
    }

    [Fact]
    public void Status_IsReadAgain_OnlyWhenItsFileHasChanged()
    {
        Put("a", RunState.Running, written: Written);
        Assert.Equal(["a"], Of());

        Put("a", RunState.Completed, written: Written);
        Assert.Equal(["a"], Of());
        File.SetLastWriteTimeUtc(Run("a").Status, Written.AddTicks(1));
        Assert.Empty(Of());

        // Older counts as changed, too: clocks of several machines write here.
        Put("a", RunState.Running, written: Written.AddDays(-1));
        Assert.Equal(["a"], Of());
    }

    [Fact]
    public void Run_IsSeenTo_AsSoonAsItExists_AndNoLongerThanThat()
    {
        Put("a", RunState.Running);
        Assert.Equal(["a"], Of());
        Put("b", RunState.Starting);
        Assert.Equal(["a", "b"], Of());

        Directory.Delete(Run("a").Path, recursive: true);

        Assert.Equal(["b"], Of());
    }

    private string[] Of() => [.. _runs.Of("ours").Select(run => run.Text).Order(StringComparer.Ordinal)];

    private RunDirectory Run(string id) => _store.Of(RunId.Parse(id));

    private void Put(string id, RunState state, string cluster = "ours", DateTime? written = null)
    {
        Directory.CreateDirectory(Run(id).Path);
        var status = new RunStatus { Id = id, Name = id, State = state, Epochs = 1, Cluster = cluster };
        DurableFile.WriteText(Run(id).Status, RunJson.Write(status));
        if (written is { } time)
            File.SetLastWriteTimeUtc(Run(id).Status, time);
    }
}
