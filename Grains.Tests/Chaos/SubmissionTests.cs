using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.EndToEnd;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>Clients that do the same thing twice, and clients that die.</summary>
public sealed class SubmissionTests(ChaosReport report) : ChaosTest(report)
{
    private const int Kill = 9;

    [Fact(Timeout = Limit)]
    public async Task Run_IsTrainedOnce_WhenTwoClientsSubmitItAtOnce()
    {
        var cluster = await StartClusterAsync(silos: 2);
        var second = Keep(await cluster.ConnectAsync());
        var id = cluster.NextRun(ChaosSpecs.Standard);
        var request = new SubmitRequest(id, ChaosSpecs.Standard.Written(), Protocol: ProtocolVersion.Current);

        var replies = await Task.WhenAll(
            cluster.Grains.GetGrain<ICatalogGrain>(0).Submit(request), second.Grains.GetGrain<ICatalogGrain>(0).Submit(request));
        var other = await second.Grains.GetGrain<ICatalogGrain>(0).Submit(request with { Spec = ChaosSpecs.With("seed=4").Written() });
        var run = cluster.Record(id);
        await run.AwaitEnd();

        Assert.All(replies, reply => Assert.Empty(reply.Problems));
        Assert.Single(replies, reply => reply.Reattached);
        Assert.All(replies, reply => Assert.Equal(run.Run.Path, reply.Directory));
        Assert.NotEmpty(other.Problems);
        Assert.Single(run.Events.OfType<RunStarted>());
        ChaosAssert.SameBits(ChaosSpecs.Standard, run);
    }

    [Fact(Timeout = Limit)]
    public async Task Run_Continues_WhenAClientIsKilledWhileItIsAttached()
    {
        var redis = await StartRedisAsync();
        var cluster = await StartClusterAsync(redis, silos: 2);
        var run = await cluster.SubmitAsync(ChaosSpecs.Standard);
        using var console = ConsoleProcess.StartBare(
            "attach", run.Id.Text, "--cluster", $"redis:{redis.ConnectionString}", "--cluster-id", cluster.Id, "--output", "json");
        await console.Await<StepCommitted>(step => step.Step >= 100, TestContext.Current.CancellationToken);

        var strike = Strike.With("kill -9 of an attached console", () => console.Signal(Kill));
        await run.AwaitEnd();

        ChaosAssert.SameBits(ChaosSpecs.Standard, run);
        Assert.False((await ReportAsync(strike, run)).Disturbed);
        Assert.Equal(console.Events.Select(one => one.Number), run.Events.Take(console.Events.Count).Select(one => one.Number));
    }
}
