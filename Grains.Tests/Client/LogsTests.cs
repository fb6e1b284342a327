using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Logs;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class LogsTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly RunDirectory _run;

    public LogsTests() => _run = _console.Write(Sample.Status(RunState.Completed));

    [Fact]
    public async Task Logs_MergesTheSilosLogsInOrderOfTime()
    {
        Log("silo-1",
            "2026-03-14 12:00:00.100 INFO A one\n2026-03-14 12:00:00.300 EROR A three\nSystem.IOException: why\n   at Somewhere()\n");
        Log("silo-10", "2026-03-14 12:00:00.200 INFO B two\n2026-03-14 12:00:00.300 INFO B four\u001b[2J\nnot ended yet");

        Assert.Equal(0, await _console.RunAsync("logs", "wave"));

        Assert.Equal(
            """
            silo-1  | 2026-03-14 12:00:00.100 INFO A one
            silo-10 | 2026-03-14 12:00:00.200 INFO B two
            silo-1  | 2026-03-14 12:00:00.300 EROR A three
            silo-1  | System.IOException: why
            silo-1  |    at Somewhere()

            """ + "silo-10 | 2026-03-14 12:00:00.300 INFO B four\uFFFD[2J\n",
            _console.Output);
    }

    [Fact]
    public async Task Logs_ShowsOneSilo_WhenAsked()
    {
        Log("silo-1", "2026-03-14 12:00:00.100 INFO A one\n");
        Log("silo-2", "2026-03-14 12:00:00.200 INFO B two\n");

        Assert.Equal(0, await _console.RunAsync("logs", "wave-1", "--silo", "silo-2"));

        Assert.Equal("silo-2 | 2026-03-14 12:00:00.200 INFO B two\n", _console.Output);
    }

    [Fact]
    public async Task Logs_NamesTheSilosThereAre_WhenTheOneAskedForIsNot()
    {
        Log("silo-1", "");
        Log("silo-2", "");

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("logs", "wave-1", "--silo", "silo-3"));

        Assert.Contains("found no log of silo 'silo-3' in run wave-1; silos with logs: silo-1, silo-2", _console.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_ReportsEventsInWords_WhereThereAreNoSiloLogs()
    {
        var time = Sample.Noon.AddMilliseconds(5);
        string[] lines = [.. Sample.Lines(
            Sample.Started() with { Time = time }, Sample.Step(1), new RunWarning { Message = "disk full", Time = time.AddSeconds(1) },
            Sample.Ended(RunState.Completed) with { Time = time.AddSeconds(2) })];
        File.WriteAllText(
            _run.Metrics,
            string.Join('\n', lines)
                + "\n{\"type\":\"rewind\",\"number\":5,\"step\":4}\n{\"type\":\"tomorrow\",\"number\":6}\n{\"type\":\"ste");

        Assert.Equal(0, await _console.RunAsync("logs", "wave-1"));

        string[] written = _console.Output.TrimEnd().Split('\n');
        Assert.Equal(3, written.Length);
        Assert.StartsWith("2026-03-14 12:00:00.005 run wave-1: 2 epochs of 2 steps", written[0], StringComparison.Ordinal);
        Assert.Equal("2026-03-14 12:00:01.005 WARNING: disk full", written[1]);
        Assert.Equal("2026-03-14 12:00:02.005 completed at step 4 after 3.5 s", written[2]);
    }

    [Fact]
    public async Task Metrics_PrintsEveryEventToTheByte_OrTheStepsAsATable()
    {
        string[] lines = [.. Sample.Lines(
            Sample.Started(), Sample.Step(1) with { Loss = 1 / 3.0, GradientNorm = double.NaN, Time = Sample.Noon },
            Sample.Ended(RunState.Completed))];
        File.WriteAllText(_run.Metrics, string.Concat(lines.Select(line => line + "\n")));

        Assert.Equal(0, await _console.RunAsync("metrics", "wave-1"));
        Assert.Equal(lines, _console.Output.TrimEnd().Split('\n'));

        using var table = new ScriptedConsole();
        Assert.Equal(0, await table.RunBareAsync("metrics", "wave-1", "--csv", "--runs", _console.Runs));
        string[] rows = table.Output.TrimEnd().Split('\n');
        Assert.Equal(2, rows.Length);
        Assert.Equal("number,time,generation,step,epoch,loss,gradientNorm,differenceNorm,learningRate,weight,seconds,stateHash", rows[0]);
        Assert.Matches(@"^2,2026-03-14T12:00:00.0000000\+00:00,\d+,1,\d+,0.3333333333333333,,,[^,]+,[^,]+,[^,]+,$", rows[1]);
    }

    [Theory]
    [InlineData("--follow")]
    [InlineData]
    public async Task Logs_ReportsTheEventsOfTheCluster_WithCluster(params string[] follow)
    {
        _console.Cluster.Add(Sample.Started(), Sample.Step(1), Sample.Ended(RunState.Completed));

        Assert.Equal(0, await _console.RunAsync(["logs", "wave-1", .. follow, "--cluster", "redis:h:1"]));

        Assert.Equal(2, _console.Output.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task Logs_FollowsUntilTheRunHasEnded()
    {
        _console.Write(Sample.Status(RunState.Running));
        Log("silo-1", "2026-03-14 12:00:00.100 INFO A one\n2026-03-14 12:00:00.300 IN");
        var time = new FakeTimeProvider();
        using var following = new ScriptedConsole { Time = time };
        var logs = following.RunBareAsync("logs", "wave-1", "--follow", "--runs", _console.Runs);
        Assert.False(logs.IsCompleted);
        File.AppendAllText(Path.Combine(_run.Logs, "silo-1.log"), "FO A two\n");
        _console.Write(Sample.Status(RunState.Completed));
        time.Advance(LogsCommand.Period);

        Assert.Equal(0, await logs);
        Assert.Equal("silo-1 | 2026-03-14 12:00:00.100 INFO A one\nsilo-1 | 2026-03-14 12:00:00.300 INFO A two\n", following.Output);
    }

    public void Dispose() => _console.Dispose();

    private void Log(string silo, string text)
    {
        Directory.CreateDirectory(_run.Logs);
        File.WriteAllText(Path.Combine(_run.Logs, $"{silo}.log"), text);
    }
}
