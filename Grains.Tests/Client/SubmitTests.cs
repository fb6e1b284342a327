using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class SubmitTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(Sample.Noon);
    private readonly ScriptedConsole _console;

    public SubmitTests()
    {
        _console = new() { Time = _time, Limits = new() { Poll = TimeSpan.Zero } };
        Cluster.IsAlive = address => address == _console.Standing;
    }

    private ScriptedCluster Cluster => _console.Cluster;

    [Fact]
    public async Task Submit_SaysHowToAttachAndReturns()
    {
        Assert.Equal(0, await _console.RunAsync("submit", "wave.yaml", "--id", "wave-1", "--priority", "7"));

        Assert.Equal($"run     wave-1\nfiles   /runs/wave-1\nattach  tbptt attach wave-1 --runs {_console.Runs}\n", _console.Output);
        var request = Assert.Single(Cluster.Submissions);
        Assert.Equal(("wave-1", 7, ProtocolVersion.Current), (request.Run.Text, request.Priority, request.Protocol));
        Assert.Equal(new SpecText("name: wave", "wave.yaml", "/"), request.Spec);
        Assert.Equal([_console.Standing], Cluster.Opened);
        Assert.Empty(Cluster.Asked);
    }

    [Fact]
    public async Task Submit_MakesAnId_WhenNoneIsGiven()
    {
        Assert.Equal(0, await _console.RunAsync("submit", "wave.yaml"));

        Assert.StartsWith("wave-20260314-120000-", Cluster.Submissions[0].Run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_ReattachesWithoutAnError_WhenTheRunExists()
    {
        Cluster.Reply = new([], "/runs/wave-1", Reattached: true);

        Assert.Equal(0, await _console.RunAsync("submit", "wave.yaml", "--id", "wave-1"));

        Assert.StartsWith("run already exists: reattached\nrun     wave-1\n", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_LocatesTheProblem_WhenTheClusterRefuses()
    {
        Cluster.Reply = new([new SpecProblem("data", "wave-1", "another id", "there is a run of this id with another spec")], "");

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("submit", "wave.yaml", "--id", "wave-1"));

        Assert.Equal("wave.yaml:7:3 data: found wave-1, expected another id; there is a run of this id with another spec\n",
            _console.Error);
        Assert.Equal("", _console.Output);
    }

    [Fact]
    public async Task Submit_AsksOnceMoreWithTheSameId_WhenTheAnswerIsLost()
    {
        using var console =
            new ScriptedConsole { Limits = new() { Poll = TimeSpan.FromMilliseconds(1), Submission = TimeSpan.FromMilliseconds(20) } };
        console.Cluster.IsAlive = _ => true;
        console.Cluster.BeforeSubmissions.Enqueue(() => throw new IOException("the gateway is gone"));
        // The silo that was asked has died: no answer will ever come.
        console.Cluster.BeforeSubmissions.Enqueue(() => new TaskCompletionSource().Task);

        Assert.Equal(0, await console.RunAsync("submit", "wave.yaml"));

        Assert.Equal(3, console.Cluster.Submissions.Count);
        Assert.Single(console.Cluster.Submissions.Select(request => request.Run).Distinct());
    }

    [Fact]
    public async Task Submit_GivesUpWithTheCause_WhenEveryAnswerIsAnError()
    {
        for (int i = 0; i < 9; i++)
            Cluster.BeforeSubmissions.Enqueue(() => throw new InvalidOperationException("cannot read the request"));

        Assert.Equal(ExitCode.Unreachable, await _console.RunAsync("submit", "wave.yaml"));

        Assert.Equal(3, Cluster.Submissions.Count);
        Assert.Equal("tbptt: the run could not be submitted: cannot read the request\n", _console.Error);
    }

    [Fact]
    public async Task Submit_SaysWhatToDo_WhenNoSiloIsAlive()
    {
        Cluster.IsAlive = _ => false;

        Assert.Equal(ExitCode.Unreachable, await _console.RunAsync("submit", "wave.yaml"));

        Assert.Contains($"no silo of run store {_console.Runs} is alive", _console.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Opened);
    }

    [Fact]
    public async Task Console_NamesBothVersions_WhenTheClusterSpeaksAnotherProtocol()
    {
        Cluster.Report = new("tbptt", "9.8.7", ProtocolVersion.Current + 1, []);

        Assert.Equal(ExitCode.Unreachable, await _console.RunAsync("submit", "wave.yaml"));

        Assert.Contains(
            $"speaks protocol {ProtocolVersion.Current + 1} (version 9.8.7), this tbptt speaks {ProtocolVersion.Current} (version " +
            $"{ProtocolVersion.Product}); "
            + "use the tbptt of the cluster's version", _console.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Submissions);
    }

    [Fact]
    public async Task Console_SaysThatTheClusterIsOlder_WhenItDoesNotKnowTheQuestion()
    {
        Cluster.BeforeDescriptions.Enqueue(() => throw new NotSupportedException("no such method"));

        Assert.Equal(ExitCode.Unreachable, await _console.RunAsync("submit", "wave.yaml"));

        Assert.Contains("its version differs from", _console.Error, StringComparison.Ordinal);
        Assert.Contains("no such method", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_GivesUpInTime_WhenNobodyAnswers()
    {
        for (int i = 0; i < 3; i++)
        {
            Cluster.BeforeDescriptions.Enqueue(() =>
            {
                _time.Advance(TimeSpan.FromSeconds(5));
                throw new TimeoutException("no answer");
            });
        }

        Assert.Equal(ExitCode.Unreachable, await _console.RunAsync("submit", "wave.yaml"));

        Assert.Contains("did not answer within 10 s", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_AsksAgain_WhenTheFirstQuestionWentToADyingSilo()
    {
        Cluster.BeforeDescriptions.Enqueue(() => throw new Orleans.Runtime.SiloUnavailableException("it is gone"));

        Assert.Equal(0, await _console.RunAsync("submit", "wave.yaml"));
    }

    [Theory]
    [InlineData("redis:10.0.0.5:6379,password=hunter2", "Redis", "10.0.0.5:6379,password=hunter2",
        " --cluster CONNECTION --cluster-id lab")]
    [InlineData("postgresql:Host=db;Database=t", "PostgreSql", "Host=db;Database=t",
        " --cluster 'postgresql:Host=db;Database=t' --cluster-id lab")]
    [InlineData("sqlite:/data/members.db", "Sqlite", "/data/members.db", " --cluster sqlite:/data/members.db --cluster-id lab")]
    public async Task Cluster_IsWhatTheOptionSays_AndNoPasswordIsRepeated(string given, string provider, string connection, string repeated)
    {
        Assert.Equal(0, await _console.RunAsync("submit", "wave.yaml", "--id", "wave-1", "--cluster", given, "--cluster-id", "lab"));

        Assert.Equal([new(Enum.Parse<ClusteringProvider>(provider), connection, "lab")], Cluster.Opened);
        Assert.EndsWith($"attach  tbptt attach wave-1{repeated}\n", _console.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_RefusesAKey_ThatNoSettingReads_BeforeAnythingStarts()
    {
        _console.Settings["Tbptt:ClusterId"] = "lab";

        Assert.Equal(ExitCode.Usage, await _console.RunAsync("submit", "wave.yaml", "--cluster"));

        Assert.StartsWith("tbptt: Tbptt:ClusterId: found an unknown key, expected Orleans:ClusterId;", _console.Error,
            StringComparison.Ordinal);
        Assert.Empty(Cluster.Opened);
        Assert.Equal(0, await _console.RunBareAsync("submit", "--help"));
    }

    [Fact]
    public async Task Cluster_IsWhatTheConfigurationSays_WithABareOption()
    {
        _console.Settings["Orleans:Clustering:ProviderType"] = "redis";
        _console.Settings["Orleans:Clustering:ConnectionString"] = "10.0.0.5:6379";
        _console.Settings["Orleans:ClusterId"] = "lab";

        Assert.Equal(0, await _console.RunAsync("submit", "wave.yaml", "--id", "wave-1", "--cluster"));

        Assert.Equal([new(ClusteringProvider.Redis, "10.0.0.5:6379", "lab")], Cluster.Opened);
        Assert.EndsWith($"attach  tbptt attach wave-1 --runs {_console.Runs} --cluster\n", _console.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mysql", "x", "Orleans:Clustering:ProviderType: found 'mysql', expected Sqlite, Redis or PostgreSql")]
    [InlineData("Redis", "", "Orleans:Clustering:ConnectionString: missing for Redis, expected host:port")]
    public async Task Cluster_NamesTheKey_WhenTheConfigurationIsWrong(string provider, string connection, string said)
    {
        _console.Settings["Orleans:Clustering:ProviderType"] = provider;
        _console.Settings["Orleans:Clustering:ConnectionString"] = connection;

        Assert.Equal(ExitCode.Usage, await _console.RunAsync("submit", "wave.yaml", "--cluster"));

        Assert.Contains(said, _console.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Opened);
    }

    [Fact]
    public async Task Train_SubmitsAndWatches_OnACluster()
    {
        Cluster.Add(Sample.Started(), Sample.Epoch(1, 0.5), Sample.Ended(RunState.Diverged, "NaN"));

        Assert.Equal(ExitCode.Diverged, await _console.RunAsync("train", "wave.yaml", "--cluster", "redis:10.0.0.5:6379"));

        Assert.Equal(["submit"], Cluster.Calls);
        Assert.Contains("epoch losses  0.5", _console.Output, StringComparison.Ordinal);
        Assert.Contains($"attach again with: tbptt attach {Cluster.Submissions[0].Run} --cluster redis:10.0.0.5:6379", _console.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_DetachesAtCtrlC_OnACluster()
    {
        Cluster.Add(Sample.Started());
        var training = _console.RunAsync("train", "wave.yaml", "--cluster", "redis:10.0.0.5:6379");
        await Cluster.Watched;
        _console.Interrupt();
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(ExitCode.Interrupted, await training);
        Assert.Equal(["submit"], Cluster.Calls);
        Assert.EndsWith($"attach again with: tbptt attach {Cluster.Submissions[0].Run} --cluster redis:10.0.0.5:6379\n", _console.Output,
            StringComparison.Ordinal);
    }

    public void Dispose() => _console.Dispose();
}
