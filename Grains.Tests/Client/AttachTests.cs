using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class AttachTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly ClusterAddress _local;

    public AttachTests()
    {
        _local = ClusterAddress.LocalOf(_console.Runs, Sample.Run);
        _console.Write(Sample.Status(RunState.Running));
        Cluster.IsAlive = address => address == _local;
    }

    private ScriptedCluster Cluster => _console.Cluster;

    [Theory]
    [InlineData(RunState.Completed, 0)]
    [InlineData(RunState.Failed, 1)]
    [InlineData(RunState.Stopped, 3)]
    [InlineData(RunState.Diverged, 4)]
    public async Task Attach_ShowsEveryEventAndExitsAsTheRunEnded(RunState state, int code)
    {
        Cluster.Add(Sample.Started(), Sample.Step(1), Sample.Epoch(1, 0.5), Sample.Ended(state, "why"));

        Assert.Equal(code, await _console.RunAsync("attach", "wave", "--output", "json"));

        Assert.Equal(string.Concat(Cluster.Lines.Select(line => line + "\n")), _console.Output);
        Assert.Equal([_local], Cluster.Opened);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task Attach_LeavesOutWhatWas_WithFromNow()
    {
        Cluster.Add(Sample.Started(), Sample.Ended(RunState.Stopped));

        Assert.Equal(ExitCode.Stopped, await _console.RunAsync("attach", "wave-1", "--from-now"));

        Assert.StartsWith("state         stopped at step 1,200\n", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attach_DetachesAtCtrlC_AndSaysHowToComeBack()
    {
        Cluster.Add(Sample.Started(), Sample.Step(1));

        // A script must not take it for the run's outcome.
        Assert.Equal(ExitCode.Interrupted, await _console.RunInterruptedAsync("attach", "wave-1"));
        Assert.EndsWith($"detached; run wave-1 continues, attach again with: tbptt attach wave-1 --runs {_console.Runs}\n", _console.Output,
            StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
        Assert.Empty(_console.Exits);
    }

    [Fact]
    public async Task Attach_SaysThatTheRunIsPausedAndKeepsWatching()
    {
        Cluster.Add(Sample.Started(), Sample.Paused(1));
        var attached = _console.RunAsync("attach", "wave-1");
        await Cluster.Watched;
        Assert.False(attached.IsCompleted);
        Cluster.Add(Sample.Resumed(2, 1), Sample.Step(2), Sample.Ended(RunState.Completed));

        Assert.Equal(0, await attached);
        Assert.Contains("paused at step 1: paused by 'tbptt pause'\nresumed from checkpoint 1-1 at step 1", _console.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attach_DetachesFromAPausedRun_AndSaysThatItStaysSo()
    {
        Cluster.Add(Sample.Started(), Sample.Paused(1));

        Assert.Equal(ExitCode.Interrupted, await _console.RunInterruptedAsync("attach", "wave-1"));
        Assert.Contains("run wave-1 stays paused", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attach_ShowsBothEnds_OfARunThatWasResumed()
    {
        Cluster.Add(
            Sample.Started(), Sample.Step(1), Sample.Ended(RunState.Stopped, "stopped by Ctrl-C"),
            Sample.Resumed(2, 1), Sample.Step(2), Sample.Ended(RunState.Completed));

        Assert.Equal(0, await _console.RunAsync("attach", "wave-1"));

        Assert.Contains("stopped at step 4 after 3.5 s: stopped by Ctrl-C\nresumed from checkpoint 1-1 at step 1", _console.Output,
            StringComparison.Ordinal);
        Assert.Contains("completed at step 4", _console.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("resume with", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attach_NeitherLosesNorRepeatsAnEvent_WhenTheConnectionBreaks()
    {
        Cluster.Add(Sample.Started(), Sample.Step(1));
        Cluster.BeforeReads.Enqueue(() => Task.CompletedTask);
        for (int i = 0; i < 3; i++)
            Cluster.BeforeReads.Enqueue(() => throw new IOException("the gateway is gone"));
        Cluster.BeforeReads.Enqueue(() =>
        {
            Cluster.Add(Sample.Step(2), Sample.Ended(RunState.Completed));
            return Task.CompletedTask;
        });

        Assert.Equal(0, await _console.RunAsync("attach", "wave-1", "--output", "json"));

        Assert.Equal(string.Concat(Cluster.Lines.Select(line => line + "\n")), _console.Output);
        Assert.Contains("the run answers again", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attach_DoesNotTakeABrokenStreamForSuccess_WhenItBreaksForGood()
    {
        var time = new FakeTimeProvider(Sample.Noon);
        using var console = new ScriptedConsole { Time = time, Limits = new() { Poll = TimeSpan.Zero } };
        console.Write(Sample.Status(RunState.Running));
        console.Cluster.IsAlive = _ => true;
        console.Cluster.Add(Sample.Started(), Sample.Step(1));
        console.Cluster.BeforeReads.Enqueue(() => Task.CompletedTask);
        for (int i = 0; i < 16; i++)
        {
            console.Cluster.BeforeReads.Enqueue(() =>
            {
                time.Advance(TimeSpan.FromSeconds(4));
                throw new IOException("the gateway is gone");
            });
        }

        Assert.Equal(ExitCode.Unreachable, await console.RunAsync("attach", "wave-1", "--output", "json"));

        Assert.Contains("run wave-1 did not answer for 60 s: the gateway is gone", console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attach_ReportsTheOutcome_WhenTheRunHasEndedAndItsSilosAreGone()
    {
        Cluster.IsAlive = _ => false;
        _console.Write(Sample.Status(RunState.Diverged) with { Message = "NaN" });

        Assert.Equal(ExitCode.Diverged, await _console.RunAsync("attach", "wave-1"));

        Assert.StartsWith("diverged at step 1,200: NaN; more with: tbptt show wave-1", _console.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("attach")]
    [InlineData("wait")]
    [InlineData("stop")]
    [InlineData("pause")]
    public async Task Console_NamesTheRemedy_WhenTheRunContinuesButNobodyIsAlive(string command)
    {
        Cluster.IsAlive = _ => false;

        Assert.Equal(ExitCode.Unreachable, await _console.RunAsync(command, "wave-1"));

        Assert.Matches($"no silo of run wave-1 is alive; the run is lost .*; continue it with 'tbptt resume wave-1 --runs {_console.Runs}'",
            _console.Error);
    }

    [Fact]
    public async Task Console_PrefersTheRunsOwnSilos_ToThoseOfTheRunStore()
    {
        Cluster.IsAlive = _ => true;
        Cluster.Add(Sample.Ended(RunState.Completed));

        Assert.Equal(0, await _console.RunAsync("wait", "wave-1"));

        Assert.Equal([_local], Cluster.Opened);
    }

    [Fact]
    public async Task Console_AsksTheCatalogForIdsThatBeginSo_WithCluster()
    {
        Cluster.Catalog = [Sample.Status(RunState.Completed, "wave-20260314"), Sample.Status(RunState.Completed, "bytes-1")];

        Assert.Equal(0, await _console.RunAsync("wait", "wave", "--cluster", "redis:h:1"));
        Assert.Equal(ExitCode.Failed, await _console.RunAsync("wait", "wvae-20260314", "--cluster", "redis:h:1"));

        Assert.EndsWith("did you mean wave-20260314?\n", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_SaysNothingButTheOutcome()
    {
        Cluster.Add(Sample.Started(), Sample.Step(1));
        var waiting = _console.RunAsync("wait", "wave-1");
        await Cluster.Watched;
        Cluster.Add(Sample.Step(2), Sample.Ended(RunState.Failed, "disk full"));

        Assert.Equal(ExitCode.Failed, await waiting);
        Assert.Equal(("failed at step 1,200: disk full\n", ""), (_console.Output, _console.Error));
    }

    [Fact]
    public async Task Wait_ExitsWith124_WhenTheTimeIsUp()
    {
        var time = new FakeTimeProvider(Sample.Noon);
        using var console = new ScriptedConsole { Time = time, Limits = new() };
        console.Write(Sample.Status(RunState.Running));
        console.Cluster.IsAlive = _ => true;
        console.Cluster.Add(Sample.Started());
        var waiting = console.RunAsync("wait", "wave-1", "--timeout", "2.5");
        await console.Cluster.Watched;
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(ExitCode.TimedOut, await waiting);
        Assert.Equal("tbptt: run wave-1 has not ended within 2.5 s\n", console.Error);
        Assert.Equal("", console.Output);
    }

    public void Dispose() => _console.Dispose();
}
