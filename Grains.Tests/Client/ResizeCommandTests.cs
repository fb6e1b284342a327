using Orleans.Tbptt.Client;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class ResizeCommandTests : IDisposable
{
    private readonly ScriptedConsole _console = new();

    public ResizeCommandTests()
    {
        _console.Write(Sample.Status(RunState.Running));
        Cluster.IsAlive = address => address == _console.Standing;
    }

    private ScriptedCluster Cluster => _console.Cluster;

    public void Dispose() => _console.Dispose();

    [Fact]
    public async Task Resize_SaysHowManyTrainersTheRunHas()
    {
        Assert.Equal(0, await _console.RunAsync("resize", "wave-1", "--trainers", "4", "--cluster", "redis:h:1"));

        Assert.Equal(["resize: 4, wanted by 'tbptt resize'"], Cluster.Calls);
        Assert.Equal("run wave-1 has 4 trainers on 8 shards after step 1,200\n", _console.Output);
    }

    [Fact]
    public async Task Resize_ReportsTheCause_WhenItIsRefused()
    {
        Cluster.Problem = "trainers: found 9, expected 1 to 8";

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("resize", "wave-1", "--trainers", "9"));

        Assert.Equal("tbptt: run wave-1 cannot be resized: trainers: found 9, expected 1 to 8\n", _console.Error);
    }

    [Theory]
    [InlineData(RunState.Completed, "tbptt: run wave-1 cannot be resized: completed")]
    [InlineData(RunState.Paused, "tbptt: run wave-1 cannot be resized: no silo trains it; continue it with: tbptt resume wave-1")]
    public async Task Resize_Refuses_WhereNoSiloTrainsTheRun(RunState state, string words)
    {
        Cluster.IsAlive = _ => false;
        _console.Write(Sample.Status(state));

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("resize", "wave-1", "--trainers", "2"));

        Assert.StartsWith(words, _console.Error, StringComparison.Ordinal);
    }
}
