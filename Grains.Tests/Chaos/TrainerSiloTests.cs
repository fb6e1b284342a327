using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>Silos that have trainers, and not the coordinator, are lost.</summary>
public sealed class TrainerSiloTests(ChaosReport report) : ChaosTest(report)
{
    [Theory(Timeout = Limit)]
    [InlineData("Redis", "fused")]
    [InlineData("SQLite", "torch")]
    public async Task Run_GivesTheSameBits_WhenATrainersSiloIsKilledMidStep(string store, string engine)
    {
        var spec = ChaosSpecs.On(engine);
        var membership = store == "Redis" ? MembershipStore.Redis(await StartRedisAsync())
            : MembershipStore.Sqlite(Workplace.File("membership.db"));
        var cluster = await StartClusterAsync(new ChaosSetup(Workplace, membership));
        var run = await cluster.SubmitAsync(spec);
        await run.AwaitStep(100);
        var silo = (await Whereabouts.FindAsync(cluster, run.Id)).OfATrainer;

        var strike = Strike.With($"kill -9 of a trainer's silo ({membership.Name})", silo.Kill);
        var recovered = await run.Await<TrainersRecovered>("the recovery", _ => true);
        await run.AwaitEnd();

        ChaosAssert.SameBits(spec, run);
        var recovery = await ReportAsync(strike, run, silo);
        Assert.True(recovered.Time > strike.At);
        Assert.Equal(1, recovery.StepsRepeated);
        Assert.InRange(recovery.Seconds!.Value, 0, 10);
    }
}
