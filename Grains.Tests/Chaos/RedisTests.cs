using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>The membership store dies.</summary>
public sealed class RedisTests(ChaosReport report) : ChaosTest(report)
{
    private static readonly RunSpec Spec = RecoverySpecs.Standard;

    [Fact(Timeout = Limit)]
    public async Task Run_Continues_WhenRedisIsKilledAndRestarted_AndALaterDeathIsStillNoticed()
    {
        var redis = await StartRedisAsync();
        var cluster = await StartClusterAsync(redis);
        var run = await cluster.SubmitAsync(Spec);
        await run.AwaitStep(100);
        var silo = (await Whereabouts.FindAsync(cluster, run.Id)).OfATrainer;

        var strike = Strike.With("kill -9 of Redis, restarted with its data", redis.Kill);
        await run.AwaitStep(run.LastStep + 100);
        await redis.RestartAsync(TestContext.Current.CancellationToken);
        await run.AwaitStep(run.LastStep + 20);
        Assert.All(cluster.Silos, one => Assert.True(one.IsAlive, $"{one.Name} ended"));
        Assert.False((await ReportAsync(strike, run)).Disturbed);

        var later = Strike.With("kill -9 of a trainer's silo after that", silo.Kill);
        await run.Await<TrainersRecovered>("the recovery", one => one.Time > later.At);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        await ReportAsync(later, run, silo);
    }

    /// <summary>Silos may continue, or end and say why; a run may wait for others. It must not begin again.</summary>
    [Fact(Timeout = Limit)]
    public async Task Run_ContinuesOrStopsWithItsCause_AndNeverBeginsAgain_WhenRedisLosesItsData()
    {
        var redis = await StartRedisAsync();
        var cluster = await StartClusterAsync(redis);
        var run = await cluster.SubmitAsync(Spec);
        await run.Await<CheckpointWritten>("a checkpoint", one => one.Step >= 2 * RecoverySpecs.CheckpointSteps);

        var strike = Strike.With("Redis restarted empty", () => { });
        await redis.RestartEmptyAsync(TestContext.Current.CancellationToken);
        await Wait.Until("the run's end, or the silos'", () => run.Events[^1] is RunEnded || cluster.Silos.All(silo => !silo.IsAlive));

        if (run.Events[^1] is not RunEnded)
        {
            Assert.All(cluster.Silos, silo => Assert.Equal(70, silo.ExitCode));
            Assert.All(cluster.Silos, silo =>
                Assert.Contains("membership", File.ReadAllText(silo.LogFile), StringComparison.OrdinalIgnoreCase));
            await cluster.StartSilosAsync(3);
        }

        await run.AwaitEnd();
        Assert.All(run.Events.OfType<RunStarted>().Skip(1), started => Assert.True(started.Step > 0, "the run began again at step 0"));
        ChaosAssert.SameBits(Spec, run);
        await ReportAsync(strike, run);
    }
}
