using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Store;

/// <summary>Somebody removes files of a run, or all of them, while it is trained.</summary>
public sealed class DirectoryRepairTests : IDisposable
{
    private static readonly RunSpec Spec = States.Spec();
    private readonly TemporaryDirectory _directory = new();
    private readonly RunStore _store;
    private readonly RunFence _fence;
    private readonly DirectoryRepair _repair;

    [Fact]
    public void Data_AreWrittenAnew()
    {
        var data = new RunData([new("/d.csv", 12, new('a', 64))], null);
        var repair = new DirectoryRepair(_store, _fence, () => Spec, () => data);

        Assert.Null(repair.Restore());

        Assert.Equal(data.Files, _store.ReadData(Run.Id)!.Files);
    }

    public DirectoryRepairTests()
    {
        _store = new(Options.Create(new TbpttGrainsOptions { RunsDirectory = _directory.Path }));
        _store.Create(Spec, new() { Id = "a", Name = "a", State = RunState.Running, Epochs = 1 });
        _fence = new(_store, Run.Id);
        _repair = new(_store, _fence, () => Spec);
        File.WriteAllText(Run.Metrics, "");
    }

    private RunDirectory Run => _store.Of(RunId.Parse("a"));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Directory_IsLeftAsItIs_WhenNothingIsMissing()
    {
        File.WriteAllText(Run.Spec, "edited by hand");

        Assert.Null(_repair.Restore());

        Assert.Equal("edited by hand", File.ReadAllText(Run.Spec));
    }

    [Fact]
    public void SpecAndGeneration_AreRestored_AndTheJournalsLossIsReported_WhenTheDirectoryWasRemoved()
    {
        _fence.TakeNext();
        Directory.Delete(Run.Path, recursive: true);

        string? problem = _repair.Restore();

        Assert.Equal(Spec, _store.ReadSpec(Run.Id));
        Assert.True(_fence.IsInForce);
        Assert.Equal(3, new RunFence(_store, Run.Id).Generation);
        Assert.False(_fence.IsInForce);
        Assert.StartsWith($"{Run.Metrics} was removed while the run is trained", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_IsRestored_ByACoordinatorThatWasReplaced()
    {
        _ = new RunFence(_store, Run.Id);
        File.Delete(Run.Spec);

        Assert.Throws<SupersededException>(() => _repair.Restore());

        Assert.False(File.Exists(Run.Spec));
    }
}
