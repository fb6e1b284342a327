using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class PipedRunsTests
{
    private static readonly RunId Run = RunId.Parse("wave-1");

    private readonly FakeTimeProvider _time = new();
    private readonly SilentSilo _first = new(), _second = new();

    private PipedRuns Runs => new([_first, _second], () => throw new InvalidOperationException("no client is wanted"), _time);

    [Fact]
    public async Task Calls_GoToAnotherSilo_WhenTheFirstIsFrozen_AndBackWhenItThaws()
    {
        await using var runs = Runs;
        var frozen = runs.ReadEventsAsync(Run, 0, 10);
        _time.Advance(PipedRuns.QuickAnswer);
        await Assert.ThrowsAsync<TimeoutException>(() => frozen);

        var events = runs.ReadEventsAsync(Run, 0, 10);
        _second.Reply(new() { ReplyTo = 1, Last = 7 });
        Assert.Equal(7, (await events).Last);

        var stop = runs.StopAsync(Run, "test");
        _second.Reply(new() { ReplyTo = 2 });
        await stop;

        _first.Reply(new() { ReplyTo = 1 });
        var again = runs.ReadEventsAsync(Run, 7, 10);
        _first.Reply(new() { ReplyTo = 2, Last = 9 });
        Assert.Equal(9, (await again).Last);
    }

    [Fact]
    public async Task Calls_GoToTheOnlySilo_ThoughItIsLate()
    {
        _second.End();
        await using var runs = Runs;
        var late = runs.ReadEventsAsync(Run, 0, 10);
        _time.Advance(PipedRuns.QuickAnswer);
        await Assert.ThrowsAsync<TimeoutException>(() => late);

        var events = runs.ReadEventsAsync(Run, 0, 10);
        _first.Reply(new() { ReplyTo = 1 });
        _first.Reply(new() { ReplyTo = 2, Last = 3 });
        Assert.Equal(3, (await events).Last);
    }

    [Fact]
    public async Task Resumption_TakesThePipe_AndNoClient()
    {
        await using var runs = Runs;
        var resume = runs.ResumeAsync(Run, new(Trainers: 2, Sets: ["train.epochs=4"]));
        _first.Reply(new() { ReplyTo = 1, Problem = "no", Status = RunJson.Write(Sample.Status(RunState.Stopped)) });

        var reply = await resume;
        Assert.Equal(("no", RunState.Stopped), (reply.Problem, reply.Status.State));
        Assert.Equal((2, "train.epochs=4"), (_first.Last!.Resumption!.Trainers, Assert.Single(_first.Last.Resumption.Sets)));
    }

    [Fact]
    public async Task Stop_WaitsLongerThanAQuickAnswer()
    {
        await using var runs = Runs;
        var stop = runs.StopAsync(Run, "test");
        _time.Advance(10 * PipedRuns.QuickAnswer);
        _first.Reply(new() { ReplyTo = 1 });
        await stop;
    }

    /// <summary>A silo that replies, in the order of the calls, when the test says so.</summary>
    private sealed class SilentSilo : ILocalSilo
    {
        private readonly TaskCompletionSource _exited = new();
        private readonly Queue<TaskCompletionSource<LocalReply>> _calls = new();

        public Task Exited => _exited.Task;

        public LocalCall? Last { get; private set; }

        public Task<LocalReply> AskAsync(LocalCall call)
        {
            Last = call;
            // The continuations run within Reply, so that the next call sees what the reply has changed.
            var reply = new TaskCompletionSource<LocalReply>();
            _calls.Enqueue(reply);
            return reply.Task;
        }

        public void Reply(LocalReply reply) => _calls.Dequeue().SetResult(reply);

        public void End() => _exited.SetResult();
    }
}
