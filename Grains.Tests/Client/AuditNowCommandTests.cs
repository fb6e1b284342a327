using System.Text.Json.Nodes;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class AuditNowCommandTests : IDisposable
{
    private readonly ScriptedConsole _console = new();

    public AuditNowCommandTests()
    {
        _console.Write(Sample.Status(RunState.Running));
        Cluster.IsAlive = address => address == _console.Standing;
        Cluster.Audited = new(1201, 4, [new("silo-a", "silo-b", 3), new("silo-b", "silo-a", 1)], null);
    }

    private ScriptedCluster Cluster => _console.Cluster;

    public void Dispose() => _console.Dispose();

    [Fact]
    public async Task Audit_SaysHowManyTicketsAreTheSame_AndWhereTheyWereComputedAgain()
    {
        Assert.Equal(0, await _console.RunAsync("audit", "wave-1", "--now"));

        Assert.Equal(["audit"], Cluster.Calls);
        Assert.Equal(
            "run         wave-1\nstep        1,201\nthe same    4 of 4 tickets\n"
            + "            3 tickets of silo-a, computed again on silo-b\n"
            + "            1 ticket of silo-b, computed again on silo-a\nequal\n",
            _console.Output);
    }

    [Fact]
    public async Task Audit_PrintsTheFinding_AndExitsWith5()
    {
        var finding = new AuditFinding(1201, [0, 1], ["silo-a", "silo-b", "silo-c"], "gradient sums", "silo-a", "S1", 1200);
        Cluster.Audited = new(1201, 4, [], finding);

        Assert.Equal(ExitCode.Unequal, await _console.RunAsync("audit", "wave-1", "--now"));

        Assert.EndsWith($"the same    0 of 4 tickets\nnot equal   {finding.Words}\n", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_HasEveryFigureAsJson()
    {
        Assert.Equal(0, await _console.RunAsync("audit", "wave-1", "--now", "--output", "json"));

        var json = JsonNode.Parse(_console.Output)!;
        Assert.Equal((1201, 4), ((int)json["step"]!, (int)json["tickets"]!));
        Assert.Equal(("silo-a", "silo-b", 3), (
            (string)json["repeated"]![0]!["home"]!, (string)json["repeated"]![0]!["host"]!, (int)json["repeated"]![0]!["tickets"]!));
        Assert.Null(json["finding"]);
    }

    [Fact]
    public async Task Audit_ReportsTheCause_WhenItIsRefused()
    {
        Cluster.Problem = "the run is paused: continue it with 'tbptt resume wave-1'";

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("audit", "wave-1", "--now"));

        Assert.Equal(
            "tbptt: run wave-1 cannot be audited: the run is paused: continue it with 'tbptt resume wave-1'\n", _console.Error);
    }

    [Theory]
    [InlineData(RunState.Completed, "tbptt: run wave-1 cannot be audited: completed")]
    [InlineData(RunState.Paused, "tbptt: run wave-1 cannot be audited: no silo trains it; continue it with: tbptt resume wave-1")]
    public async Task Audit_Refuses_WhereNoSiloTrainsTheRun(RunState state, string words)
    {
        Cluster.IsAlive = _ => false;
        _console.Write(Sample.Status(state));

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("audit", "wave-1", "--now"));

        Assert.StartsWith(words, _console.Error, StringComparison.Ordinal);
    }
}
