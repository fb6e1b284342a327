using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Journal;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Abstractions.Journals;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Journal;

/// <summary>Closing segments: each event is read once, whatever happens between any two writes.</summary>
public sealed class SegmentCloserTests : IDisposable
{
    private const int Events = SegmentFormat.Events + 100;
    private static readonly string[] Lines = [.. SegmentSample.Lines(1, Events)];
    private static readonly RunId Run = RunId.Parse("a");
    private readonly TemporaryDirectory _directory = new();
    private int _copies;

    [Fact]
    public async Task Journal_ClosesSegments_BehindTraining_AndEveryReaderSeesEachEventOnce()
    {
        var store = Store(_directory.Path);
        var fence = new RunFence(store, Run);
        string path = store.Of(Run).Metrics;
        List<string> written = [];
        await using (var journal = new RunJournal(path, fence.Unfinished, () => fence.IsInForce, TimeProvider.System))
        {
            for (int step = 1; step <= (2 * SegmentFormat.Events) + 500; step++)
                journal.Append(SegmentSample.Step(step));
            await journal.Flush();
            written.AddRange(await ReadAll(journal));
        }

        Assert.Equal((2 * SegmentFormat.Events) + 500, written.Count);
        Assert.Equal(["000000.seg", "000001.seg", "index.jsonl"], Names(store.Of(Run).Segments));
        Assert.Equal(500, File.ReadLines(path).Count());
        Assert.Equal(written, SegmentSample.Read(new(path)));
        File.Delete(SegmentFormat.Index(path));
        Assert.Equal(written.Count, new JournalReader(path).ReadTotal().Count);
    }

    [Fact]
    public void KilledAtAnyPoint_EachEventIsReadOnce_AndTheNextCoordinatorCloses()
    {
        List<string> states = [];
        Close(looked: run => states.Add(Copy(run)), () => true);
        states.Add(Copy(Store(_directory.Path).Of(Run).Path));
        string torn = Copy(states[^1]);
        string index = Path.Combine(torn, "metrics", "index.jsonl");
        File.WriteAllText(index, File.ReadAllText(index)[..^40]);
        states.Add(torn);

        // Before the segment's, the index' and the journal's name is given, and after all of it.
        Assert.Equal(5, states.Count);
        Assert.Contains(states, state => Directory.EnumerateFiles(state, "*.tmp", SearchOption.AllDirectories).Any());
        foreach (string state in states)
        {
            Assert.Equal(Lines, SegmentSample.Read(new(Path.Combine(state, "metrics.jsonl"))));
            var store = Store(Path.GetDirectoryName(state)!);
            var run = RunId.Parse(Path.GetFileName(state));
            var fence = new RunFence(store, run);
            string path = store.Of(run).Metrics;
            var tail = JournalFile.TakeOver(path, fence.Unfinished, () => fence.IsInForce, out long last);
            Assert.Equal(Events, last);
            using var closer = new SegmentCloser(path, fence.Unfinished, () => fence.IsInForce, last, TimeProvider.System);
            for (int batch = 0; batch <= Events / SegmentCloser.MostLines; batch++)
                tail = closer.Advance(tail, []);
            tail.Dispose();

            Assert.Null(closer.Problem);
            Assert.Equal(100, File.ReadLines(path).Count());
            Assert.Equal(["000000.seg", "index.jsonl"], Names(store.Of(run).Segments));
            Assert.Equal(Lines, SegmentSample.Read(new(path)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task FrozenBetweenItsLookAndItsRename_TheOldCoordinatorChangesNothing(int look)
    {
        int looks = 0;
        RunJournal? newer = null;
        Close(_ => { }, () =>
        {
            if (++looks == look)
            {
                // It has looked, and finds itself in force; then another coordinator takes the run over while it stands still.
                var store = Store(_directory.Path);
                var fence = new RunFence(store, Run);
                newer = new(store.Of(Run).Metrics, fence.Unfinished, () => fence.IsInForce, TimeProvider.System);
                newer.Append(new RunWarning { Message = "the new one's" });
            }

            return true;
        });
        await newer!.DisposeAsync();

        var all = SegmentSample.Read(new(Store(_directory.Path).Of(Run).Metrics));
        Assert.Equal(Lines, all[..Events]);
        Assert.Equal("the new one's", Assert.IsType<RunWarning>(RunJson.ReadEvent(Assert.Single(all[Events..]))).Message);
    }

    [Fact]
    public void ReplacedCoordinator_ChangesNothingOfTheNewIndex()
    {
        string path = Store(_directory.Path).Of(Run).Metrics;
        Directory.CreateDirectory(SegmentFormat.Directory(path));
        using var older = new SegmentIndexWriter(path, ".1.tmp", () => true);
        older.Append(Segment(0, 10));
        using var newer = new SegmentIndexWriter(path, ".2.tmp", () => true);
        newer.Append(Segment(1, 10));
        newer.Append(Segment(2, 10));
        byte[] index = File.ReadAllBytes(SegmentFormat.Index(path));

        older.Append(Segment(1, 10));

        Assert.Equal(index, File.ReadAllBytes(SegmentFormat.Index(path)));
    }

    [Fact]
    public void RemovedIndex_OfManySegments_IsWrittenAnewPieceByPiece()
    {
        string path = Store(_directory.Path).Of(Run).Metrics;
        Directory.CreateDirectory(SegmentFormat.Directory(path));
        for (long segment = 0; segment < 3; segment++)
            File.WriteAllBytes(SegmentFormat.File(path, segment), Segment(segment, SegmentFormat.Events).Write());
        using var writer = new SegmentIndexWriter(path, ".1.tmp", () => true, most: 2);

        writer.Append(Segment(3, 10));
        Assert.Equal(2, Described(path));
        File.WriteAllBytes(SegmentFormat.File(path, 3), Segment(3, SegmentFormat.Events).Write());
        writer.Append(Segment(4, 10));
        Assert.Equal(5, Described(path));

        static long Described(string path)
        {
            using var index = File.OpenRead(SegmentFormat.Index(path));
            return SegmentIndex.Measure(index, long.MaxValue).Segments;
        }
    }

    private static SegmentBuilder Segment(long segment, int events)
    {
        var builder = new SegmentBuilder(segment, clipNorm: null);
        foreach (string line in SegmentSample.Lines(SegmentFormat.FirstOf(segment), events))
            builder.Add(line);
        return builder;
    }

    [Fact]
    public void JournalWithoutSegments_IsClosedPieceByPiece()
    {
        var store = Store(_directory.Path);
        var fence = new RunFence(store, Run);
        string path = store.Of(Run).Metrics;
        string[] lines = [.. SegmentSample.Lines(1, (2 * SegmentFormat.Events) + 7)];
        File.WriteAllLines(path, lines);
        var tail = JournalFile.TakeOver(path, fence.Unfinished, () => fence.IsInForce, out long last);
        using var closer = new SegmentCloser(path, fence.Unfinished, () => fence.IsInForce, last, TimeProvider.System);

        int batches = 0;
        for (; File.ReadLines(path).Take(100).Count() == 100; batches++)
            tail = closer.Advance(tail, []);
        tail.Dispose();

        Assert.InRange(batches, 2 * SegmentFormat.Events / SegmentCloser.MostLines, 3 * SegmentFormat.Events / SegmentCloser.MostLines);
        Assert.Equal(lines, SegmentSample.Read(new(path)));
    }

    [Fact]
    public void FailedSegment_LosesNothing_AndIsTriedAgain()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var store = Store(_directory.Path);
        var fence = new RunFence(store, Run);
        string path = store.Of(Run).Metrics;
        File.WriteAllLines(path, Lines);
        File.WriteAllText(SegmentFormat.Directory(path), "a file in the directory's place");
        var tail = JournalFile.TakeOver(path, fence.Unfinished, () => fence.IsInForce, out long last);
        using var closer = new SegmentCloser(path, fence.Unfinished, () => fence.IsInForce, last, time);
        void Advance()
        {
            for (int batch = 0; batch <= Events / SegmentCloser.MostLines; batch++)
                tail = closer.Advance(tail, []);
        }

        Advance();
        Assert.NotNull(closer.Problem);
        Assert.Equal(Lines, File.ReadLines(path));
        File.Delete(SegmentFormat.Directory(path));
        time.Advance(TimeSpan.FromMinutes(1));
        Advance();
        tail.Dispose();

        Assert.Null(closer.Problem);
        Assert.Equal(100, File.ReadLines(path).Count());
        Assert.Equal(Lines, SegmentSample.Read(new(path)));
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Writes a journal that is long enough, and closes its segment.</summary>
    private void Close(Action<string> looked, Func<bool> inForce)
    {
        var store = Store(_directory.Path);
        var fence = new RunFence(store, Run);
        string path = store.Of(Run).Metrics;
        File.WriteAllLines(path, Lines);
        var tail = JournalFile.TakeOver(path, fence.Unfinished, () => true, out long last);
        using var closer = new SegmentCloser(path, fence.Unfinished, InForce, last, TimeProvider.System);
        for (int batch = 0; batch <= Events / SegmentCloser.MostLines; batch++)
            tail = closer.Advance(tail, []);
        tail.Dispose();

        bool InForce()
        {
            looked(store.Of(Run).Path);
            return inForce();
        }
    }

    private string Copy(string run)
    {
        string copy = Path.Combine(_directory.Path, "copies", $"copy-{++_copies}");
        foreach (string file in Directory.EnumerateFiles(run, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(copy, Path.GetRelativePath(run, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        return copy;
    }

    private static RunStore Store(string runs) => new(Options.Create(new TbpttGrainsOptions { RunsDirectory = runs }));

    private static IEnumerable<string> Names(string directory) =>
        Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private static async Task<List<string>> ReadAll(RunJournal journal)
    {
        List<string> all = [];
        while ((await journal.Read(all.Count, JournalReader.Page, TimeSpan.Zero, TimeProvider.System)).Lines is { Count: > 0 } lines)
            all.AddRange(lines);
        return all;
    }
}
