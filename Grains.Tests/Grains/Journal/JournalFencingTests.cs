using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Journal;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Journal;

/// <summary>What a coordinator appends that was replaced: in the file and shown to watchers, or neither.</summary>
public sealed class JournalFencingTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly RunStore _store;
    private readonly RunFence _old;
    private RunJournal? _newer;

    public JournalFencingTests()
    {
        _store = new(Options.Create(new TbpttGrainsOptions { RunsDirectory = _directory.Path }));
        _old = new(_store, RunId.Parse("a"));
    }

    private string File => _store.Of(RunId.Parse("a")).Metrics;

    private string[] Messages => [.. JournalLines.In(File).Select(line => ((RunWarning)RunJson.ReadEvent(line)).Message)];

    public async ValueTask DisposeAsync()
    {
        if (_newer is { } newer)
            await newer.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OldCoordinator_CannotPutItsCopyInThePlaceOfTheNewOnes(bool afterTheLook)
    {
        await System.IO.File.WriteAllTextAsync(File, RunJson.Write(Event("first") with { Number = 1 })
            + "\n", TestContext.Current.CancellationToken);

        Assert.ThrowsAny<IOException>(() => new RunJournal(File, _old.Unfinished, StoppedAtTheLook, TimeProvider.System));
        await _newer!.Flush();

        Assert.Equal(["first", "the new one's"], Messages);
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(File)!, "*.tmp"));

        bool StoppedAtTheLook()
        {
            bool found = _old.IsInForce;
            TakeOver("the new one's");
            return afterTheLook ? found : _old.IsInForce;
        }
    }

    [Fact]
    public async Task OldCoordinatorsEvents_AreNowhere_OnceAnotherHasBegun()
    {
        await using var old = Open(() => _old.IsInForce);
        old.Append(Event("first"));
        await old.Flush();
        TakeOver("the new one's");
        await _newer!.Flush();

        old.Append(Event("the old one's"));
        await Assert.ThrowsAsync<IOException>(old.Flush);

        Assert.Contains("another coordinator", old.Failure!.Message);
        Assert.Equal(["first", "the new one's"], Messages);
        Assert.Equal(["first"], await ShownBy(old));
        Assert.Equal(["first", "the new one's"], await ShownBy(_newer));
    }

    [Fact]
    public async Task OldCoordinatorsEvents_AreNowhere_WhenItIsStoppedBetweenItsLookAndItsWrite()
    {
        int looks = -1000;
        await using var old = Open(() =>
        {
            bool found = _old.IsInForce;
            if (++looks == 1)
                TakeOver("the new one's");
            return found;
        });
        await AppendInVain(old, meanwhile: () => looks = 0);

        Assert.Equal(2, looks);
        Assert.Equal(["first", "the new one's"], Messages);
        Assert.Equal(["first"], await ShownBy(old));
    }

    [Fact]
    public async Task OldCoordinatorsEvents_AreTheRuns_WhenTheyWereWrittenBeforeTheNewOneBegan()
    {
        int looks = -1000;
        await using var old = Open(() =>
        {
            if (++looks == 2)
                TakeOver("the new one's");
            return _old.IsInForce;
        });
        await AppendInVain(old, meanwhile: () => looks = 0);

        Assert.Equal(["first", "the old one's", "the new one's"], Messages);
        Assert.Equal([1, 2, 3], JournalLines.In(File).Select(line => RunJson.ReadEvent(line).Number));
        Assert.Equal(["first"], await ShownBy(old));
        Assert.Equal(3, _newer!.Last);
    }

    /// <summary>Appends an event, and another one that fails because a new coordinator takes over.</summary>
    private async Task AppendInVain(RunJournal old, Action meanwhile)
    {
        old.Append(Event("first"));
        await old.Flush();
        meanwhile();

        old.Append(Event("the old one's"));
        await Assert.ThrowsAsync<IOException>(old.Flush);
        await _newer!.Flush();
    }

    private void TakeOver(string message)
    {
        if (_newer is not null)
            return;
        var fence = new RunFence(_store, RunId.Parse("a"));
        _newer = new(File, fence.Unfinished, () => fence.IsInForce, TimeProvider.System);
        _newer.Append(Event(message));
    }

    private RunJournal Open(Func<bool> inForce) => new(File, _old.Unfinished, inForce, TimeProvider.System);

    private static RunWarning Event(string message) => new() { Message = message };

    private static async Task<string[]> ShownBy(RunJournal journal)
    {
        List<string> lines = [];
        while ((await journal.Read(lines.Count, 100, TimeSpan.Zero, TimeProvider.System)).Lines is { Count: > 0 } more)
            lines.AddRange(more);
        return [.. lines.Select(line => ((RunWarning)RunJson.ReadEvent(line)).Message)];
    }
}
