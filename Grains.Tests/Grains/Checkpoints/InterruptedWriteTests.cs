using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Tests.Support;
using static Orleans.Tbptt.Tests.Grains.Checkpoints.CheckpointFixture;

namespace Orleans.Tbptt.Tests.Grains.Checkpoints;

public sealed class InterruptedWriteTests : IDisposable
{
    private readonly CheckpointFixture _run = new();
    private readonly TemporaryDirectory _copies = new();
    private int _moments;

    public InterruptedWriteTests()
    {
        _run.Begin(1);
        _run.Write(1, 4);
    }

    public void Dispose()
    {
        _run.Dispose();
        _copies.Dispose();
    }

    [Fact]
    public void ProcessKilledAtAnyMoment_LeavesTheCheckpointBefore_OrTheNewOneWhole()
    {
        var store = new CheckpointStore(_run.Runs, _run.Time) { CreateFile = path => new FailingFile(path, Keep) };
        store.Write(Run, _run.Spec, _run.Snapshot(8), About(), Keep, rename =>
        {
            Keep();
            var name = rename(1);
            Keep();
            return name;
        });

        // Each of 4 files has several writes, and then there is the wait, and the rename.
        Assert.InRange(_moments, 4 + 3, 100);
        for (int moment = 0; moment < _moments; moment++)
        {
            var runs = StoreIn(_copies.File($"{moment}"));
            var left = new CheckpointStore(runs, _run.Time);
            Assert.Equal(2, runs.TakeGeneration(Run));
            left.Sweep(Run, 2);

            bool done = moment == _moments - 1;
            Assert.Empty(_run.AssertRestores(done ? "1-8" : "1-4", done ? 8 : 4, left).PassedOver);
            Assert.Equal(done ? 2 : 1, Directory.EnumerateFileSystemEntries(left.DirectoryOf(Run)).Count());
        }
    }

    [Fact]
    public void WriteThatFailsAtAnyMoment_LeavesNothing_AndTheCheckpointBefore()
    {
        for (int moment = 0, moments = int.MaxValue; moment < moments; moment++)
        {
            int passed = 0, failing = moment;
            void Pass()
            {
                if (passed++ == failing)
                    throw new IOException("no space left on device");
            }

            var store = new CheckpointStore(_run.Runs, _run.Time) { CreateFile = path => new FailingFile(path, Pass) };
            try
            {
                store.Write(Run, _run.Spec, _run.Snapshot(8), About(), Pass, rename =>
                {
                    Pass();
                    return rename(1);
                });
                moments = moment;
                Assert.InRange(moments, 4 + 2, 100);
            }
            catch (IOException)
            {
                Assert.Equal(["1-4"], _run.Entries);
                Assert.Empty(_run.AssertRestores("1-4", 4).PassedOver);
            }
        }

        _run.AssertRestores("1-8", 8);
    }

    /// <summary>Keeps what a process that is killed at this moment leaves.</summary>
    private void Keep()
    {
        string from = Path.GetDirectoryName(_run.Runs.Of(Run).Path)!, to = _copies.File($"{_moments++}");
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
