using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Grains.Store;

/// <summary>A coordinator is stopped at some point of its writing, another takes the run over, and the first continues.</summary>
public sealed class RunFenceTests : IDisposable
{
    private static readonly string[] Files = ["status.json", "spec.yaml", "model.safetensors", "hidden.safetensors"];
    private readonly TemporaryDirectory _directory = new();
    private readonly RunStore _store;
    private readonly RunFence _old;

    public RunFenceTests()
    {
        _store = new(Options.Create(new TbpttGrainsOptions { RunsDirectory = _directory.Path }));
        _store.Create(States.Spec(), Status("born"));
        _old = new(_store, Run.Id);
    }

    /// <summary>Where a write can be stopped.</summary>
    public enum Point
    {
        BeforeTheFileIsMade,
        BeforeItsFirstByte,
        BehindItsLastByte,
        BeforeTheLook,
        BetweenLookAndRename,
    }

    public static MatrixTheoryData<string, Point> Stops { get; } = new(Files, Enum.GetValues<Point>());

    private RunDirectory Run => _store.Of(RunId.Parse("a"));

    private IEnumerable<string> Unfinished => Directory.EnumerateFiles(Run.Path, "*.tmp").Select(path => Path.GetFileName(path));

    public void Dispose() => _directory.Dispose();

    [Theory, MemberData(nameof(Stops))]
    public void OldCoordinator_ReplacesNoFileOfTheNewOne_WhereverItWasStopped(string file, Point stop)
    {
        string path = Path.Combine(Run.Path, file);

        var refused = Assert.ThrowsAny<IOException>(() => WriteAs(_old, path, stop, () =>
        {
            var newer = new RunFence(_store, Run.Id);
            DurableFile.WriteText(path, "the new one's", newer.Unfinished, newer.Ensure);
        }));

        Assert.Equal(stop != Point.BetweenLookAndRename, refused is SupersededException);
        Assert.Equal("the new one's", File.ReadAllText(path));
        Assert.Empty(Unfinished);
    }

    [Theory, MemberData(nameof(Stops))]
    public void OldCoordinator_LeavesWhatWasThere_WhenTheNewOneHasNotWrittenYet(string file, Point stop)
    {
        string path = Path.Combine(Run.Path, file);
        File.WriteAllText(path, "what was there");

        Assert.ThrowsAny<IOException>(() => WriteAs(_old, path, stop, () => _ = new RunFence(_store, Run.Id)));

        Assert.Equal("what was there", File.ReadAllText(path));
        Assert.Empty(Unfinished);
    }

    [Fact]
    public void Store_RefusesTheOldCoordinator_AndWritesTheNewOnes()
    {
        var spec = States.Spec();
        var newer = new RunFence(_store, Run.Id);
        _store.Write(Status("new"), newer);
        _store.Write(spec with { Train = spec.Train with { Trainers = 1 } }, newer);
        _store.WriteResult(newer, spec, RunOutput.Of(States.After(spec, 2)), Status("new"), new([], null));
        var before = Contents();

        Assert.Throws<SupersededException>(() => _store.Write(Status("old"), _old));
        Assert.Throws<SupersededException>(() => _store.Write(spec, _old));
        Assert.Contains("run a", Assert.Throws<SupersededException>(
            () => _store.WriteResult(_old, spec, RunOutput.Of(States.After(spec, 1)), Status("old"), new([], null))).Message);

        Assert.Equal(before, Contents());
        Assert.Equal("new", Run.ReadStatus()!.Message);
        Assert.Equal(1, _store.ReadSpec(Run.Id).Train.Trainers);
        Assert.Empty(Unfinished);
    }

    [Fact]
    public void Generation_Grows_UntilAnotherCoordinatorHasTheNext()
    {
        Assert.Equal((1, ".1.tmp", true), (_old.Generation, _old.Unfinished, _old.IsInForce));
        _old.TakeNext();
        Assert.Equal((2, ".2.tmp", true), (_old.Generation, _old.Unfinished, _old.IsInForce));
        _old.Ensure();
        Assert.Equal(2, _old.Publish(generation => generation));

        var newer = new RunFence(_store, Run.Id);

        Assert.Equal((3, true), (newer.Generation, newer.IsInForce));
        Assert.Throws<SupersededException>(_old.TakeNext);
        Assert.Equal((2, false), (_old.Generation, _old.IsInForce));
        Assert.Throws<SupersededException>(_old.Ensure);
        Assert.Throws<SupersededException>(() => _old.Publish<int>(_ => throw new InvalidOperationException("it was asked to publish")));
        newer.TakeNext();
        Assert.Equal(4, newer.Generation);
    }

    [Fact]
    public void Generation_DoesNotGrow_WhileSomethingIsPublishedUnderIt()
    {
        var taking = new Thread(_old.TakeNext);
        int[] seen = _old.Publish(generation =>
        {
            taking.Start();
            // It waits at the gate, or has come through.
            SpinWait.SpinUntil(() => (taking.ThreadState & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0);
            return new[] { generation, _old.Generation };
        });
        taking.Join();

        Assert.Equal([1, 1], seen);
        Assert.Equal(2, _old.Generation);
    }

    [Fact]
    public void NewCoordinator_SweepsWhatOlderOnesLeft_AndNothingElse()
    {
        string[] left = ["status.json.1.tmp", "metrics.jsonl.1.tmp", "status.json.2.tmp"];
        string[] stay = ["status.json.3.tmp", "spec.yaml.9.tmp", "status.json.0123456789abcdef0123456789abcdef.tmp", "notes.tmp", "notes.1",
            "notes.x.tmp"];
        foreach (string name in left.Concat(stay))
            File.WriteAllText(Path.Combine(Run.Path, name), "");
        _old.TakeNext();

        Assert.Equal(3, new RunFence(_store, Run.Id).Generation);

        Assert.All(left, name => Assert.False(File.Exists(Path.Combine(Run.Path, name)), name));
        Assert.All(stay, name => Assert.True(File.Exists(Path.Combine(Run.Path, name)), name));
    }

    /// <summary>Writes as the store does, and lets somebody else in at one point.</summary>
    private static void WriteAs(RunFence fence, string path, Point stop, Action meanwhile)
    {
        Pass(Point.BeforeTheFileIsMade);
        DurableFile.Write(
            path,
            stream =>
            {
                Pass(Point.BeforeItsFirstByte);
                stream.Write("the old one's"u8);
                Pass(Point.BehindItsLastByte);
            },
            fence.Unfinished,
            () =>
            {
                Pass(Point.BeforeTheLook);
                fence.Ensure();
                Pass(Point.BetweenLookAndRename);
            });

        void Pass(Point here)
        {
            if (here == stop)
                meanwhile();
        }
    }

    [Fact]
    public void ManyGenerations_LeaveFewFiles_AndTheFenceHolds()
    {
        var checkpoints = new CheckpointStore(_store, TimeProvider.System);
        Directory.CreateDirectory(Path.Combine(Run.Checkpoints, "1-8"));
        RunFence? newest = null;
        for (int restart = 0; restart < 200; restart++)
        {
            newest = new(_store, Run.Id);
            if (restart % 50 == 0)
                newest.TakeNext();

            // One that comes too late is on no list, and stays on none when the lists are removed.
            Directory.CreateDirectory(Path.Combine(Run.Checkpoints, "1-9"));
            Assert.Equal(["1-8"], checkpoints.Candidates(Run.Id).Select(name => name.ToString()));
        }

        Assert.InRange(Directory.EnumerateFiles(Run.Generations).Count(), 1, GenerationFile.MostFiles + 1);
        Assert.Equal(205, newest!.Generation);
        Assert.True(newest.IsInForce);
        Assert.False(_old.IsInForce);
        Assert.Throws<SupersededException>(_old.Ensure);
        Assert.Throws<SupersededException>(_old.TakeNext);
        Assert.False(_store.TryTakeGeneration(Run.Id, 100));
        Assert.True(newest.IsInForce);
        Assert.Equal(206, new RunFence(_store, Run.Id).Generation);
    }

    [Fact]
    public void GenerationThatListsCheckpoints_IsKept_WhenTheyAreGone()
    {
        Directory.CreateDirectory(Path.Combine(Run.Checkpoints, "1-8"));
        _ = new RunFence(_store, Run.Id);
        Directory.Delete(Run.Checkpoints, recursive: true);
        for (int restart = 0; restart < 50; restart++)
            _ = new RunFence(_store, Run.Id);

        Assert.Contains(GenerationFile.NewerThan(Run.Generations, 0), one => one.Checkpoints is { Count: > 0 });
    }

    private Dictionary<string, string> Contents() =>
        Files.ToDictionary(file => file, file => Convert.ToHexString(File.ReadAllBytes(Path.Combine(Run.Path, file))));

    private static RunStatus Status(string message) =>
        new() { Id = "a", Name = "a", State = RunState.Starting, Epochs = 1, Message = message };
}
