using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Store;

public sealed class RunStoreTests : IDisposable
{
    private static readonly RunSpec Spec = TestSpecs.Average();
    private readonly TemporaryDirectory _directory = new();
    private readonly RunStore _store;

    public RunStoreTests() => _store = new(Options.Create(new TbpttGrainsOptions { RunsDirectory = _directory.Path }));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Run_IsCreatedOnce_AndTheFirstIsLeftAsItIs()
    {
        Assert.Equal(RunBirth.Born, _store.Create(Spec, Status("a", 1)));
        string spec = File.ReadAllText(Run("a").Spec), status = File.ReadAllText(Run("a").Status);

        Assert.Equal(RunBirth.TakenByAnother, _store.Create(Spec with { Seed = 99 }, Status("a", 2)));
        Assert.Equal(RunBirth.AlreadyThere, _store.Create(Spec, Status("a", 3)));

        Assert.Equal(spec, File.ReadAllText(Run("a").Spec));
        Assert.Equal(status, File.ReadAllText(Run("a").Status));
    }

    [Fact]
    public void Run_IsCreatedByOne_WhenManyWantItsId()
    {
        var won = new ConcurrentBag<int>();
        Together(20, i =>
        {
            if (_store.Create(Spec with { Seed = i }, Status("a", i)) == RunBirth.Born)
                won.Add(i);
        });

        int winner = Assert.Single(won);
        Assert.Contains($"seed: {winner}", File.ReadAllText(Run("a").Spec));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddDays(winner), Run("a").ReadStatus()!.SubmittedAt);
    }

    [Fact]
    public void Status_IsWritten_WhileCoordinatorsThatWereReplacedStillWriteTheirs()
    {
        _store.Create(Spec, Status("a", 1));

        Together(10, i =>
        {
            var fence = new RunFence(_store, RunId.Parse("a"));
            for (int times = 0; times < 5; times++)
            {
                try
                {
                    _store.Write(Status("a", 1) with { Generation = fence.Generation }, fence);
                }
                catch (IOException)
                {
                    // It was replaced, or what it had begun to write was taken away.
                }
            }
        });

        Assert.Equal(10, Run("a").ReadStatus()!.Generation);
        Assert.Empty(Directory.EnumerateFiles(Run("a").Path, "*.tmp"));
    }

    [Fact]
    public void Generation_IsTakenByOne_WhenFiftyTakeAtOnce()
    {
        _store.Create(Spec, Status("a", 1));
        var taken = new ConcurrentBag<int>();

        Together(50, _ => taken.Add(_store.TakeGeneration(RunId.Parse("a"))));

        Assert.Equal(Enumerable.Range(1, 50), taken.Order());
    }

    [Fact]
    public void Generation_IsNewest_UntilTheNextIsTaken()
    {
        _store.Create(Spec, Status("a", 1));
        var run = RunId.Parse("a");
        int generation = _store.TakeGeneration(run);
        Assert.True(_store.IsNewest(run, generation));

        Assert.True(_store.TryTakeGeneration(run, generation + 1));

        Assert.False(_store.IsNewest(run, generation));
        Assert.True(_store.IsNewest(run, generation + 1));
        Assert.False(_store.TryTakeGeneration(run, generation + 1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Generation_IsAfterThoseOfCheckpointsAndStatus_WhenItsFilesWereRemoved(bool checkpoint)
    {
        _store.Create(Spec, Status("a", 1));
        var former = new RunFence(_store, RunId.Parse("a"));
        while (former.Generation < 5)
            former.TakeNext();
        if (checkpoint)
            Directory.CreateDirectory(Path.Combine(Run("a").Checkpoints, "5-30"));
        else
            _store.Write(Status("a", 1) with { Generation = 5 }, former);
        Directory.Delete(Run("a").Generations, recursive: true);

        var next = new RunFence(_store, RunId.Parse("a"));

        Assert.Equal(6, next.Generation);
        Assert.True(next.IsInForce);
        Assert.False(former.IsInForce);
        Assert.False(_store.IsNewest(RunId.Parse("a"), 3));
    }

    [Fact]
    public void Generation_ReportsWhichCheckpointsThereWere()
    {
        _store.Create(Spec, Status("a", 1));
        var run = RunId.Parse("a");
        _store.TakeGeneration(run);
        Directory.CreateDirectory(Path.Combine(Run("a").Checkpoints, "1-30"));
        Directory.CreateDirectory(Path.Combine(Run("a").Checkpoints, "1-4"));
        Directory.CreateDirectory(Path.Combine(Run("a").Checkpoints, ".1-40.tmp"));

        int generation = _store.TakeGeneration(run);
        Directory.CreateDirectory(Path.Combine(Run("a").Checkpoints, "1-50"));

        Assert.Equal("""{"checkpoints":["1-4","1-30"]}""", File.ReadAllText(Path.Combine(Run("a").Generations, $"{generation}")));
        Assert.Equal(["1", "2"], Directory.EnumerateFiles(Run("a").Generations).Select(Path.GetFileName).Order());
        var newer = Assert.Single(GenerationFile.NewerThan(Run("a").Generations, 1));
        Assert.True(newer.Saw(new(1, 30)));
        Assert.False(newer.Saw(new(1, 50)));
    }

    [Fact]
    public void List_HasTheNewestFirst_AndRunsOfDamagedStatus_AndPassesOverWhatIsNoRun()
    {
        foreach (var (id, day) in new[] { ("old", 1), ("new", 3), ("torn", 2), ("empty", 2), ("null", 2), ("other", 2) })
            _store.Create(Spec, Status(id, day));
        string torn = File.ReadAllText(Run("torn").Status);
        File.WriteAllText(Run("torn").Status, torn[..(torn.Length / 2)]);
        File.WriteAllText(Run("empty").Status, "");
        File.WriteAllText(Run("null").Status, "null");
        File.WriteAllText(Run("other").Status, "{\"hello\": 1}");
        Directory.CreateDirectory(_directory.File("lost+found"));
        Directory.CreateDirectory(_directory.File("nothing"));
        File.WriteAllText(_directory.File("file"), "");

        var list = _store.List();

        Assert.Equal(["new", "old"], list.Where(status => status.Warning.Length == 0).Select(status => status.Id));
        Assert.Equal(["empty", "null", "other", "torn"], list.Where(status => status.Warning.Length > 0).Select(status => status.Id)
            .Order());
    }

    [Fact]
    public void List_IsEmpty_WhenThereIsNoStoreYet() =>
        Assert.Empty(new RunStore(Options.Create(new TbpttGrainsOptions { RunsDirectory = _directory.File("none") })).List());

    private static RunStatus Status(string id, int day) => new()
    {
        Id = id, Name = id, State = RunState.Starting, Epochs = 1, SubmittedAt = DateTimeOffset.UnixEpoch.AddDays(day),
    };

    /// <summary>Does something on many threads that begin at the same moment.</summary>
    private static void Together(int threads, Action<int> action)
    {
        using var barrier = new Barrier(threads);
        var all = Enumerable.Range(0, threads).Select(i => new Thread(() =>
        {
            barrier.SignalAndWait();
            action(i);
        })).ToList();
        all.ForEach(thread => thread.Start());
        all.ForEach(thread => thread.Join());
    }

    private RunDirectory Run(string id) => _store.Of(RunId.Parse(id));
}
