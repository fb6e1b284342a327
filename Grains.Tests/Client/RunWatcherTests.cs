using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Views;
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

        Assert.Equal(RunState.Completed, last.State);
        Assert.Equal(_cluster.Lines, _view.Lines);
        Assert.Equal([0, 2, 2, 4, 4], _cluster.Asked);
        Assert.Equal(
            Enumerable.Repeat((string[])["the run does not answer, retrying: no answer", "the run answers again"], 2)
                .SelectMany(notice => notice),
            _view.Notices);
    }

    [Fact]
    public async Task Watcher_AsksAgain_WhenAnAnswerNeverComes()
    {
        _cluster.Lines.AddRange(Sample.Lines(Sample.Ended(RunState.Completed)));
        _cluster.BeforeReads.Enqueue(() => new TaskCompletionSource().Task);
        var watching = WatchAsync(Eager);

        _time.Advance(Eager.Answer);
        await watching;

        Assert.Equal(0, _cluster.Asked[1]);
        Assert.Single(_view.Lines);
    }

    [Fact]
    public async Task Watcher_PassesOnEventsOfUnknownKind_AndContinuesBehindThem()
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
        for (int read = 0; read < 16; read++)
        {
            _cluster.BeforeReads.Enqueue(() =>
            {
                _time.Advance(TimeSpan.FromSeconds(4));
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

    [Fact]
    public async Task Watcher_ContinuesBehindAnEnd_WhenTheRunWasResumed()
    {
        _cluster.Add(Sample.Started(), Sample.Step(1), Sample.Ended(RunState.Stopped, "stopped by Ctrl-C"));
        _cluster.Status = Sample.Status(RunState.Running) with { LastEvent = 3 };
        var watching = WatchAsync(Eager);
        await _cluster.Watched;
        Assert.False(watching.IsCompleted);
        _cluster.Add(Sample.Resumed(2, 1), Sample.Step(2), Sample.Ended(RunState.Completed));
        _cluster.Status = null;

        var last = await watching;

        Assert.Equal(RunState.Completed, last.State);
        Assert.Equal(_cluster.Lines, _view.Lines);
    }

    [Fact]
    public async Task Watcher_ShowsWhatFollows_WhenTheRunWasResumedAndEndedBetweenTwoQuestions()
    {
        _cluster.Add(Sample.Started(), Sample.Ended(RunState.Stopped, "stopped by Ctrl-C"));
        _cluster.BeforeReads.Enqueue(() => Task.CompletedTask);
        _cluster.BeforeReads.Enqueue(() =>
        {
            _cluster.Add(Sample.Ended(RunState.Completed));
            return Task.CompletedTask;
        });
        // The status reports an end that the events read so far do not.
        _cluster.Status = Sample.Status(RunState.Completed) with { LastEvent = 3 };

        await WatchAsync(Eager);

        Assert.Equal(3, _view.Lines.Count);
    }

    [Fact]
    public async Task Watcher_TakesTheRecordedEnd_WhenTheSilosWentWithTheRun()
    {
        _cluster.Add(Sample.Started(), Sample.Ended(RunState.Completed));
        var watcher = new RunWatcher(new GoneAfterEvents(_cluster), Sample.Run, _time, Eager)
        {
            Recorded = () => Sample.Status(RunState.Completed) with { LastEvent = 2 },
        };

        Assert.Equal(RunState.Completed, (await watcher.WatchAsync(_view, TestContext.Current.CancellationToken)).State);
    }

    [Fact]
    public async Task Watcher_DoesNotTakeABrokenStreamForAnEnd_WhenTheRecordKnowsMore()
    {
        _cluster.Add(Sample.Started(), Sample.Ended(RunState.Stopped));
        var watcher = new RunWatcher(new GoneAfterEvents(_cluster, () => _time.Advance(TimeSpan.FromSeconds(4))), Sample.Run, _time, Eager)
        {
            Recorded = () => Sample.Status(RunState.Completed) with { LastEvent = 7 },
        };

        var exception = await Assert.ThrowsAsync<ClientException>(() => watcher.WatchAsync(_view, TestContext.Current.CancellationToken));

        Assert.Equal(ExitCode.Unreachable, exception.ExitCode);
    }

    [Fact]
    public async Task Watcher_ShowsTheStatus_BetweenTheStartAndTheNextEvent()
    {
        _cluster.Add(Sample.Started(), Sample.Epoch(1, 0.5), Sample.Ended(RunState.Completed));
        _cluster.Status = Sample.Status(RunState.Completed) with { LastEvent = 3, Engine = "fused: no GPU" };
        using var output = new StringWriter { NewLine = "\n" };

        await new RunWatcher(_cluster, Sample.Run, _time, Eager)
            .WatchAsync(new PlainView(output, _time), TestContext.Current.CancellationToken);

        Assert.Equal(["run", "engine", "epoch", "completed"], output.ToString().TrimEnd().Split('\n').Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task Watcher_LeavesOutWhatWas_AfterASkip()
    {
        _cluster.Add(Sample.Started(), Sample.Step(1));
        var watcher = new RunWatcher(_cluster, Sample.Run, _time, Eager);
        await watcher.SkipAsync(_view, TestContext.Current.CancellationToken);
        _cluster.Add(Sample.Step(2), Sample.Ended(RunState.Completed));

        await watcher.WatchAsync(_view, TestContext.Current.CancellationToken);

        Assert.Equal(_cluster.Lines[2..], _view.Lines);
    }

    [Fact]
    public async Task Watcher_EndsWithTheCause_WhenTheOutputCannotBeWritten()
    {
        _cluster.Add(Sample.Started(), Sample.Ended(RunState.Completed));
        using var full = new FullDisk();

        var exception = await Assert.ThrowsAsync<ClientException>(() => new RunWatcher(_cluster, Sample.Run, _time, Eager)
            .WatchAsync(new JsonView(full, TextWriter.Null), TestContext.Current.CancellationToken));

        Assert.Equal((ExitCode.Failed, "cannot write the output: No space left on device"), (exception.ExitCode, exception.Message));
    }

    private Task<RunStatus> WatchAsync(WatchLimits limits) =>
        new RunWatcher(_cluster, Sample.Run, _time, limits).WatchAsync(_view, TestContext.Current.CancellationToken);

    private sealed class FullDisk : StringWriter
    {
        public override void Flush() => throw new IOException("No space left on device");
    }

    /// <summary>Silos that answer one question about events, and then nobody's.</summary>
    private sealed class GoneAfterEvents(ScriptedCluster cluster, Action? passing = null) : IRunService
    {
        private bool _read;

        public Task<EventPage> ReadEventsAsync(RunId run, long after, int limit)
        {
            var page = _read ? Gone<EventPage>() : cluster.ReadEventsAsync(run, after, limit);
            _read = true;
            return page;
        }

        public Task<ClusterReport> DescribeAsync() => Gone<ClusterReport>();

        public Task<IReadOnlyList<RunStatus>> ListAsync() => Gone<IReadOnlyList<RunStatus>>();

        public Task<SubmitReply> SubmitAsync(SubmitRequest request) => Gone<SubmitReply>();

        public Task<RunStatus> GetStatusAsync(RunId run) => Gone<RunStatus>();

        public Task StopAsync(RunId run, string reason) => Gone<RunStatus>();

        public Task<ControlReply> PauseAsync(RunId run, string reason) => Gone<ControlReply>();

        public Task<ControlReply> ResumeAsync(RunId run, ResumeRequest request) => Gone<ControlReply>();

        public Task<SubmitReply> ForkAsync(ForkRequest request) => Gone<SubmitReply>();

        public Task<ControlReply> ResizeAsync(RunId run, ResizeRequest request) => Gone<ControlReply>();

        public Task<AuditReply> AuditAsync(RunId run, AuditRequest request) => Gone<AuditReply>();

        private async Task<T> Gone<T>()
        {
            await Task.Yield();
            passing?.Invoke();
            throw new IOException("the gateway is gone");
        }
    }
}
