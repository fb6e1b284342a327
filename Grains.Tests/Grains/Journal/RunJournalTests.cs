using System.Diagnostics;
using Orleans.Tbptt.Grains.Journal;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Journal;

public sealed class RunJournalTests : IDisposable
{
    private static readonly TimeSpan NoTime = TimeSpan.Zero;
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);
    private readonly TemporaryDirectory _directory = new();

    private string File => _directory.File("metrics.jsonl");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Events_AreNumberedFromOne_AndContinueWhereTheFileEnds()
    {
        await using (var journal = Open())
        {
            Fill(journal, 3);
        }

        await using (var journal = Open())
        {
            Assert.Equal(3, journal.Last);
            Fill(journal, 2);
            await journal.Flush();
        }

        Assert.Equal([1, 2, 3, 4, 5], Numbers(await System.IO.File.ReadAllLinesAsync(File, TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("{\"type\":\"end\",\"num")]
    [InlineData("\0\0\0\0")]
    public async Task TornLastLine_IsCutOff_AndNeverRead(string torn)
    {
        await using (var journal = Open())
        {
            Fill(journal, 3);
        }

        await System.IO.File.AppendAllTextAsync(File, torn, TestContext.Current.CancellationToken);

        Assert.Equal([1, 2, 3], Numbers(new JournalReader(File).Read(0, 100).Lines));
        await using (var journal = Open())
        {
            Fill(journal, 1);
        }

        Assert.Equal([1, 2, 3, 4], Numbers(await System.IO.File.ReadAllLinesAsync(File, TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData(RunJournal.Kept - 1)]
    [InlineData(RunJournal.Kept + 1)]
    [InlineData(2 * RunJournal.Kept + 5)]
    [InlineData(3 * RunJournal.Kept + 7)]
    public async Task Reader_SeesEveryEventOnce_AcrossTheBorderOfMemoryAndFile(int events)
    {
        await using var journal = Open();
        for (int written = 0; written < events; written += 1000)
        {
            Fill(journal, Math.Min(1000, events - written));
            await journal.Flush();
        }

        foreach (int page in new[] { 777, 10_000 })
        {
            List<long> seen = [];
            while (seen.Count < events)
            {
                var read = await journal.Read(seen.Count, page, NoTime, TimeProvider.System);
                Assert.InRange(read.Lines.Count, 1, page);
                seen.AddRange(Numbers(read.Lines));
                Assert.Equal(read.Last, seen.Count);
            }

            Assert.Equal(Enumerable.Range(1, events).Select(number => (long)number), seen);
        }

        for (long after = events - RunJournal.Kept - 2; after < events - RunJournal.Kept + 2; after++)
            Assert.Equal(Math.Max(0, after) + 1, Numbers((await journal.Read(Math.Max(0, after), 1, NoTime, TimeProvider.System)).Lines)
                .Single());
    }

    [Fact]
    public async Task Read_WaitsForTheNextEvent_AndWakes()
    {
        await using var journal = Open();
        Fill(journal, 1);
        await journal.Flush();

        var reads = Enumerable.Range(0, 10).Select(_ => journal.Read(1, 10, Long, TimeProvider.System)).ToList();
        Assert.All(reads, read => Assert.False(read.IsCompleted));
        Fill(journal, 1);

        foreach (var read in reads)
            Assert.Equal([2], Numbers((await read.WaitAsync(Long, TestContext.Current.CancellationToken)).Lines));
    }

    [Fact]
    public async Task Read_ComesBackEmpty_WhenPatienceEnds()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var journal = Open();

        var read = journal.Read(7, 10, TimeSpan.FromSeconds(1), time);
        Assert.False(read.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        var page = await read.WaitAsync(Long, TestContext.Current.CancellationToken);
        Assert.Empty(page.Lines);
        Assert.Equal(7, page.Last);
    }

    [Fact]
    public async Task LastEvent_IsShown_OnlyWhenItIsOnTheDiskAndWhatGoesBeforeIsDone()
    {
        await using var journal = Open();
        Fill(journal, 1);
        using var gate = new ManualResetEventSlim();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var appending = journal.AppendLast(End(), () =>
        {
            reached.SetResult();
            gate.Wait();
        });
        await reached.Task;
        int onDisk = System.IO.File.ReadAllLines(File).Length;
        var early = await journal.Read(0, 10, NoTime, TimeProvider.System);
        gate.Set();
        await appending;

        Assert.Equal(2, onDisk);
        Assert.Equal([1], Numbers(early.Lines));
        Assert.Equal([2], Numbers((await journal.Read(1, 10, NoTime, TimeProvider.System)).Lines));
    }

    [Fact]
    public async Task FailingWrite_IsReportedToTheCallerThatFlushes_AndWatchersStillSeeTheEnd()
    {
        bool full = false;
        await using var journal = Open(() => full ? throw new IOException("no space left on device") : true);
        Fill(journal, 2);
        await journal.Flush();
        full = true;
        Fill(journal, 1);

        await Assert.ThrowsAsync<IOException>(journal.Flush);
        Assert.Equal("no space left on device", journal.Failure!.Message);
        Assert.Equal([1, 2], Numbers((await journal.Read(0, 10, NoTime, TimeProvider.System)).Lines));
        bool statusWritten = false;
        await Assert.ThrowsAsync<IOException>(() => journal.AppendLast(End(), () => statusWritten = true));

        Assert.True(statusWritten);
        Assert.Equal([3, 4], Numbers((await journal.Read(2, 10, NoTime, TimeProvider.System)).Lines));
        Assert.Equal(2, new JournalReader(File).Read(0, 10).Lines.Count);
    }

    [Fact]
    public async Task Events_StayInMemory_UntilTheyAreWritten()
    {
        using var gate = new ManualResetEventSlim();
        bool open = false;
        await using var journal = Open(() =>
        {
            if (Volatile.Read(ref open))
                gate.Wait();
            return true;
        });
        Volatile.Write(ref open, true);
        Fill(journal, 2 * RunJournal.Kept + 100);

        var early = await journal.Read(0, 10, NoTime, TimeProvider.System);
        gate.Set();
        await journal.Flush();

        Assert.Empty(early.Lines);
        Assert.Equal([1, 2], Numbers((await journal.Read(0, 2, NoTime, TimeProvider.System)).Lines));
        Assert.Equal(2 * RunJournal.Kept + 100, new JournalReader(File).Read(0, int.MaxValue).Last);
    }

    [Fact]
    public async Task LongFile_IsReadByManyAtOnce()
    {
        await using var journal = Open();
        Fill(journal, 4 * RunJournal.Kept);
        await journal.Flush();
        Fill(journal, 1);
        await journal.Flush();

        var readers = Enumerable.Range(0, 20).Select(_ => journal.Read(0, 10_000, NoTime, TimeProvider.System)).ToList();

        Assert.All(await Task.WhenAll(readers), page => Assert.Equal(10_000, page.Lines.Count));
    }

    [Fact]
    public async Task Appending_IsNotHeldUp_ByAReaderOfTheFile()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "makes a pipe");
        await using var journal = Open();
        Fill(journal, 3 * RunJournal.Kept);
        await journal.Flush();
        Fill(journal, 1);
        await journal.Flush();

        // A reader that opens a pipe waits for a writer: the slowest file there is.
        System.IO.File.Delete(File);
        using (var pipe = Process.Start("mkfifo", [File]))
            await pipe.WaitForExitAsync(TestContext.Current.CancellationToken);
        var reader = journal.Read(0, 10, NoTime, TimeProvider.System);
        Fill(journal, 1);
        await journal.Flush().WaitAsync(Long, TestContext.Current.CancellationToken);
        long last = journal.Last;
        var page = await journal.Read(last - 1, 10, NoTime, TimeProvider.System);

        Assert.False(reader.IsCompleted);
        Assert.Equal([last], Numbers(page.Lines));
        await using (new FileStream(File, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            // Now the reader's end opens, too.
        }

        Assert.Empty((await reader.WaitAsync(Long, TestContext.Current.CancellationToken)).Lines);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 1)]
    [InlineData(3, 0)]
    [InlineData(99, 0)]
    [InlineData(long.MaxValue - 5, 0)]
    public async Task File_IsReadFromAnyNumber(long after, int expected)
    {
        await using (var journal = Open())
        {
            Fill(journal, 3);
        }

        var page = new JournalReader(File).Read(after, 10);

        Assert.Equal(expected, page.Lines.Count);
        Assert.Equal(after + expected, page.Last);
        Assert.Empty(new JournalReader(_directory.File("none.jsonl")).Read(after, 10).Lines);
    }

    private static IEnumerable<long> Numbers(IEnumerable<string> lines) => lines.Select(line => RunJson.ReadEvent(line).Number);

    private static RunEnded End() => new() { State = RunState.Completed, Message = "", Step = 1, Seconds = 1 };

    private static void Fill(RunJournal journal, int events)
    {
        for (int i = 0; i < events; i++)
            journal.Append(new EpochFinished { Epoch = 1, Step = i, Loss = 1, Seconds = 1 });
    }

    private RunJournal Open(Func<bool>? inForce = null) => new(File, ".1.tmp", inForce ?? (() => true), TimeProvider.System);
}
