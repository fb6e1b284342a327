using Orleans.Tbptt.Grains.Journal;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Chaos.Disk;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Journal;

/// <summary>A real file system of a megabyte. Mounting one takes root; where CI is set, not being able to is a failure.</summary>
public sealed class JournalWriterTests : IDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private readonly TemporaryDirectory _directory = new();
    private readonly WatchedTime _time = new();
    private long _written;
    private volatile bool _superseded;

    private string Journal => _directory.File("disk/metrics.jsonl");

    private string[] Lines => [.. JournalLines.In(Journal)];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Lines_Wait_WhileTheDiskIsFull_AndAreWrittenOnceThereIsRoom()
    {
        using var disk = Mount();
        await using var writer = Open();
        await Write(writer, 0);
        disk.Fill();

        var flush = WriteTenPages(writer);
        for (int tries = 0; tries < 3; tries++)
        {
            await _time.Waits(Retry);
            Assert.Contains("No space left on device", writer.Stalled);
            Assert.False(flush.IsCompleted);
            string text = await File.ReadAllTextAsync(Journal, TestContext.Current.CancellationToken);
            Assert.EndsWith("\n", text);
            Assert.Equal(Expected(Lines.Length), text);
            Assert.Equal(Lines.Length, Interlocked.Read(ref _written));
            if (tries == 2)
                disk.MakeRoom();
            _time.Advance(Retry);
        }

        await flush;
        Assert.Null(writer.Stalled);
        Assert.Null(writer.Failure);
        Assert.Equal(Expected(41), await File.ReadAllTextAsync(Journal, TestContext.Current.CancellationToken));
        Assert.Equal(41, _written);
    }

    [Fact]
    public async Task GiveUp_EndsTheWait_AndNoTornLineIsAnEvent()
    {
        using var disk = Mount();
        await using var writer = Open();
        await Write(writer, 0);
        disk.Fill();
        var flush = WriteTenPages(writer);
        await _time.Waits(Retry);

        writer.GiveUp();

        Assert.Contains("No space left on device", (await Assert.ThrowsAsync<IOException>(() => flush)).Message);
        Assert.NotNull(writer.Failure);
        Assert.InRange(Lines.Length, _written, 40);
        Assert.Equal(Expected(Lines.Length), string.Concat(Lines.Select(line => line + "\n")));
        await Assert.ThrowsAsync<IOException>(writer.Flush);
    }

    [Fact]
    public async Task GiveUp_TriesOnceMore_AndHarmsNothingWhereThereIsRoom()
    {
        using var disk = Mount();
        await using var writer = Open();
        disk.Fill();
        var flush = WriteTenPages(writer, from: 0);
        await _time.Waits(Retry);
        disk.MakeRoom();

        writer.GiveUp();

        await flush;
        await Write(writer, 40);
        Assert.Equal(Expected(41), await File.ReadAllTextAsync(Journal, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task WaitOnAFullDisk_IsOver_WhenAnotherCoordinatorHasTheRun()
    {
        using var disk = Mount();
        await using var writer = Open();
        disk.Fill();
        var flush = WriteTenPages(writer, from: 0);
        await _time.Waits(Retry);

        _superseded = true;
        _time.Advance(Retry);

        Assert.Contains("another coordinator", (await Assert.ThrowsAsync<IOException>(() => flush)).Message);
    }

    [Fact]
    public async Task EndOfARun_WaitsTenSecondsForRoom_AndIsShownNonetheless()
    {
        using var disk = Mount();
        await using var journal = new RunJournal(Journal, ".1.tmp", () => true, _time);
        journal.Append(new RunWarning { Message = "first" });
        await journal.Flush();
        disk.Fill();
        journal.Append(new RunWarning { Message = new string('x', 40_000) });
        await _time.Waits(Retry);
        Assert.Contains("No space left on device", journal.Stalled);

        var ending = journal.AppendLast(new RunEnded { State = RunState.Completed, Message = "", Step = 1, Seconds = 1 }, () => { });
        _time.Advance(JournalWriter.EndPatience - TimeSpan.FromTicks(1));
        Assert.False(ending.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));

        await Assert.ThrowsAsync<IOException>(() => ending);
        var page = await journal.Read(0, 10, TimeSpan.Zero, TimeProvider.System);
        Assert.Equal([1, 2, 3], page.Lines.Select(line => RunJson.ReadEvent(line).Number));
        Assert.Single(Lines);
    }

    [Fact]
    public async Task Journal_IsClosed_AfterTenSecondsOfAFullDisk()
    {
        using var disk = Mount();
        var journal = new RunJournal(Journal, ".1.tmp", () => true, _time);
        disk.Fill();
        journal.Append(new RunWarning { Message = new string('x', 40_000) });
        await _time.Waits(Retry);

        var closing = journal.DisposeAsync().AsTask();
        _time.Advance(JournalWriter.EndPatience);

        await closing.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Empty(Lines);
    }

    /// <summary>
    /// Paced as a trickle is, a fast run's journal would fall behind it, and its end and its checkpoints wait for the journal.
    /// </summary>
    [Fact]
    public async Task Lines_ThatComeFasterThanThePace_AreWrittenWithoutWaitingForIt()
    {
        const int Lines = 50;
        Directory.CreateDirectory(_directory.File("disk"));
        using var looks = new SemaphoreSlim(0);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var writer = Open(
            () =>
            {
                looks.Wait(TestContext.Current.CancellationToken);
                return true;
            },
            lines =>
            {
                if (Interlocked.Add(ref _written, lines) == Lines)
                    all.SetResult();
            });
        string line = new('x', JournalWriter.FullBatch / 10);
        for (int i = 0; i < Lines; i++)
            writer.Append(line);

        // Whatever the first batch holds, what waits behind it is more than one of them.
        looks.Release(1_000);
        while (!all.Task.IsCompleted && await Task.WhenAny(all.Task, _time.Waits(JournalWriter.Pace)) != all.Task)
        {
            Assert.InRange(Interlocked.Read(ref _written), 1, 9);
            _time.Advance(JournalWriter.Pace);
        }

        await all.Task;
    }

    [Fact]
    public async Task Room_HoldsAppendersBack_WhileTooManyCharactersWait()
    {
        Directory.CreateDirectory(_directory.File("disk"));
        using var looks = new SemaphoreSlim(0);
        await using var writer = Open(() =>
        {
            looks.Wait(TestContext.Current.CancellationToken);
            return !_superseded;
        });
        using var end = new LettingGo(this, looks);
        string line = new('x', 1 << 20);
        for (long waiting = 0; waiting < JournalWriter.MostWaiting; waiting += line.Length)
            writer.Append(line);

        Assert.True(writer.Room.IsCompleted);
        writer.Append("x");
        var room = writer.Room;
        Assert.False(room.IsCompleted);
        Assert.False(writer.Room.IsCompleted);

        // A look before the first line is written, and one after it; before the second the writer stands again.
        looks.Release(2);
        await room;
        Assert.Equal(1, Interlocked.Read(ref _written));
        Assert.True(writer.Room.IsCompleted);
    }

    [Fact]
    public async Task Room_IsNotWaitedFor_WhenNothingCanBeWrittenAnyMore()
    {
        Directory.CreateDirectory(_directory.File("disk"));
        using var looks = new SemaphoreSlim(0);
        await using var writer = Open(() =>
        {
            looks.Wait(TestContext.Current.CancellationToken);
            return false;
        });
        using var end = new LettingGo(this, looks);
        string line = new('x', (int)JournalWriter.MostWaiting / 2 + 1);
        writer.Append(line);
        writer.Append(line);
        var room = writer.Room;
        Assert.False(room.IsCompleted);

        looks.Release();

        await room;
        Assert.Contains("another coordinator", writer.Failure!.Message);
    }

    [Fact]
    public async Task Lines_Wait_WhileTheDirectoryOfGenerationsCannotBeRead()
    {
        Directory.CreateDirectory(_directory.File("disk"));
        int failures = 2;
        await using var writer = Open(() => failures-- > 0 ? throw new IOException("Stale file handle") : true);
        writer.Append("first");
        var flush = writer.Flush();

        for (int tries = 0; tries < 2; tries++)
        {
            await _time.Waits(Retry);
            Assert.Equal("Stale file handle", writer.Stalled);
            Assert.False(flush.IsCompleted);
            _time.Advance(Retry);
        }

        await flush;
        Assert.Null(writer.Stalled);
        Assert.Equal(["first"], Lines);
    }

    private SmallDisk Mount() => SmallDisk.Mount(_directory.File("disk"), 1 << 20);

    private JournalWriter Open(Func<bool>? inForce = null, Action<long>? written = null) => new(
        new FileStream(Journal, FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, bufferSize: 0),
        inForce ?? (() => !_superseded), written ?? (lines => Interlocked.Add(ref _written, lines)), _time);

    /// <summary>More than the room that is left in the last page of the file.</summary>
    private static Task WriteTenPages(JournalWriter writer, int from = 1) => Write(writer, [.. Enumerable.Range(from, 40)]);

    private static Task Write(JournalWriter writer, params int[] lines)
    {
        foreach (int line in lines)
            writer.Append(Line(line));
        return writer.Flush();
    }

    private static string Expected(int lines) => string.Concat(Enumerable.Range(0, lines).Select(line => Line(line) + "\n"));

    private static string Line(int line) => $"{line} {new string('x', 1024)}";

    /// <summary>
    /// At a test's end, whatever it was: a writer that waits for a look would keep its own end, and the test's, waiting for ever.
    /// </summary>
    private sealed class LettingGo(JournalWriterTests test, SemaphoreSlim looks) : IDisposable
    {
        public void Dispose()
        {
            test._superseded = true;
            looks.Release(1_000);
        }
    }
}
