using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class RunWatcherTests
{
    private static readonly WatchLimits Eager = new() { Poll = TimeSpan.Zero };

    private readonly ScriptedCluster _cluster = new();
    private readonly RecordingView _view = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Watcher_NeitherLosesNorRepeatsAnEvent_WhenTheConnectionBreaks()
    {
        _cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Step(1), Sample.Step(2), Sample.Ended(RunState.Completed)));
        for (int read = 0; read < 3; read++)
        {
            _cluster.BeforeReads.Enqueue(() => Task.CompletedTask);
            _cluster.BeforeReads.Enqueue(() => throw new TimeoutException("no answer"));
        }

        var last = await WatchAsync(Eager with { Page = 2 });

        Assert.IsType<RunEnded>(last);
        Assert.Equal(_cluster.Lines, _view.Lines);
        Assert.Equal([0, 2, 2], _cluster.Asked);
        Assert.Equal(["the run does not answer, asking again: no answer", "the run answers again"], _view.Notices);
    }

    [Fact]
    public async Task Watcher_AsksAgain_WhenAnAnswerNeverComes()
    {
        _cluster.Lines.AddRange(Sample.Lines(Sample.Ended(RunState.Completed)));
        _cluster.BeforeReads.Enqueue(() => new TaskCompletionSource().Task);
        var watching = WatchAsync(Eager);

        _time.Advance(Eager.Answer);
        await watching;

        Assert.Equal([0, 0], _cluster.Asked);
        Assert.Single(_view.Lines);
    }

    [Fact]
    public async Task Watcher_PassesOnEventsOfUnknownKind_AndGoesOnBehindThem()
    {
        _cluster.Lines.Add("""{"type":"tomorrow","number":1,"generation":1}""");
        _cluster.Lines.AddRange(Sample.Lines(Sample.Step(1), Sample.Ended(RunState.Completed)).Skip(1));

        await WatchAsync(Eager);

        Assert.Equal(_cluster.Lines, _view.Lines);
        Assert.Null(_view.Events[0]);
    }

    [Fact]
    public async Task Watcher_GivesUpWithTheCause_WhenTheRunIsOutOfReach()
    {
        for (int read = 0; read < 3; read++)
        {
            _cluster.BeforeReads.Enqueue(() =>
            {
                _time.Advance(TimeSpan.FromSeconds(25));
                throw new IOException("gateway is gone");
            });
        }

        var exception = await Assert.ThrowsAsync<ClientException>(() => WatchAsync(Eager));

        Assert.Equal(ExitCode.Unreachable, exception.ExitCode);
        Assert.Contains("gateway is gone", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watcher_GivesUpAtOnce_WhenTheClusterDoesNotKnowTheRun()
    {
        _cluster.BeforeReads.Enqueue(() => throw new RunNotFoundException("wave-1"));

        var exception = await Assert.ThrowsAsync<ClientException>(() => WatchAsync(Eager));

        Assert.Equal(ExitCode.Unreachable, exception.ExitCode);
    }

    private Task<RunEvent> WatchAsync(WatchLimits limits) =>
        new RunWatcher(_cluster, Sample.Run, _time, limits).WatchAsync(_view, item => item is RunEnded, TestContext.Current.CancellationToken);
}
