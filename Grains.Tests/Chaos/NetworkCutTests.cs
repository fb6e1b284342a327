using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Chaos.Network;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>Wires between silos are cut: the smaller side commits nothing.</summary>
public sealed class NetworkCutTests(ChaosReport report) : ChaosTest(report)
{
    private static readonly RunSpec Spec = RecoverySpecs.Standard;

    [Fact(Timeout = Limit)]
    public async Task Run_GivesTheSameBits_WhenATrainersSiloIsCutOffFromTheOthers()
    {
        var (cluster, _) = await StartLabAsync();
        var run = await cluster.SubmitAsync(Spec);
        await run.AwaitStep(100);
        var cut = (await Whereabouts.FindAsync(cluster, run.Id)).OfATrainer;

        var strike = Strike.With("a trainer's silo cut off from the other silos", () =>
        {
            foreach (var other in cluster.Silos.Where(silo => silo != cut))
                NetworkLab.Cut(cluster.NodeOf(cut), cluster.NodeOf(other));
        });
        await run.Await<TrainersRecovered>("the recovery", one => one.Time > strike.At);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        await ReportAsync(strike, run, cut);
    }

    [Fact(Timeout = Limit)]
    public async Task CutOffCoordinator_CommitsNothing_WhenNobodyReachesIt()
    {
        var (cluster, lab) = await StartLabAsync();
        var run = await cluster.SubmitAsync(Spec);
        var cut = await CoordinatorAsync(cluster, run);

        var strike = Strike.With("the coordinator's silo cut off from everybody, Redis too", () =>
        {
            cut.IsSilent = true;
            lab.Isolate(cluster.NodeOf(cut));
        });
        var takeover = await SmallerSideCommitsNothingAsync(run, strike);
        Assert.True(cut.IsAlive, "it cannot know that it is dead");
        await run.Await<StepCommitted>("steps of the larger side", one => one.Step > takeover.Step + 100);
        lab.Heal();
        await cut.Exited.WaitAsync(Wait.Patience, TestContext.Current.CancellationToken);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        Assert.Equal(70, cut.ExitCode);
        await ReportAsync(strike, run, cut);
    }

    [Fact(Timeout = Limit)]
    public async Task UnheardCoordinator_CommitsNothing_WhenWhatItSendsIsDropped()
    {
        var (cluster, _) = await StartLabAsync();
        var run = await cluster.SubmitAsync(Spec);
        var cut = await CoordinatorAsync(cluster, run);

        var strike = Strike.With("what the coordinator's silo sends to the others is dropped, one way", () =>
        {
            foreach (var other in cluster.Silos.Where(silo => silo != cut))
                NetworkLab.CutOneWay(cluster.NodeOf(cut), cluster.NodeOf(other).Address);
        });
        await SmallerSideCommitsNothingAsync(run, strike);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        await ReportAsync(strike, run, cut);
    }

    [Fact(Timeout = Limit)]
    public async Task Run_GivesTheSameBits_WhenATrainersSiloHearsNothing_AndTheOthersHearIt()
    {
        var (cluster, _) = await StartLabAsync();
        var run = await cluster.SubmitAsync(Spec);
        await run.AwaitStep(100);
        var deaf = (await Whereabouts.FindAsync(cluster, run.Id)).OfATrainer;

        var strike = Strike.With("what the others send to a trainer's silo is dropped, one way", () =>
        {
            foreach (var other in cluster.Silos.Where(silo => silo != deaf))
                NetworkLab.CutOneWay(cluster.NodeOf(other), cluster.NodeOf(deaf).Address);
        });
        await run.Await<TrainersRecovered>("the recovery", one => one.Time > strike.At);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        await ReportAsync(strike, run, deaf);
    }

    /// <summary>20 steps, each of which takes some 0.3 s.</summary>
    [Fact(Timeout = Limit)]
    public async Task Run_GivesTheSameBits_OverAWireThatIsSlowAndLosesPackets()
    {
        var spec = RecoverySpecs.With("train.epochs=1", "data.sequenceLength=45");
        var lab = Keep(NetworkLab.Create(3));
        var redis = Keep(await LabRedis.StartAsync(lab, Workplace));
        var wire = lab.SlowDown(TimeSpan.FromMilliseconds(100), loss: 0.05);
        var cluster = await StartClusterAsync(new ChaosSetup(Workplace, MembershipStore.Redis(redis.Address), lab) { Slots = 1 });

        var run = await cluster.SubmitAsync(spec);
        await run.AwaitStep(1);
        Assert.Equal(3, (await Whereabouts.FindAsync(cluster, run.Id)).Trainers.Distinct().Count());
        await run.AwaitEnd();

        ChaosAssert.SameBits(spec, run);
        Assert.True(wire.Lost > 0);
    }

    private static async Task<ChaosSilo> CoordinatorAsync(ChaosCluster cluster, RunRecorder run)
    {
        await run.Await<CheckpointWritten>("a checkpoint", one => one.Step >= 2 * RecoverySpecs.CheckpointSteps);
        return (await Whereabouts.FindAsync(cluster, run.Id)).Coordinator;
    }

    /// <summary>Waits for the takeover; before it, of the old coordinator, comes no step but one whose contributions were all in.</summary>
    private static async Task<RunStarted> SmallerSideCommitsNothingAsync(RunRecorder run, Strike strike)
    {
        var takeover = await run.Await<RunStarted>("the takeover", one => one.Time > strike.At);
        Assert.InRange(run.Events.OfType<StepCommitted>().Count(one => one.Time > strike.Done && one.Number < takeover.Number), 0, 1);
        return takeover;
    }

    private async Task<(ChaosCluster Cluster, NetworkLab Lab)> StartLabAsync()
    {
        var lab = Keep(NetworkLab.Create(3));
        var redis = Keep(await LabRedis.StartAsync(lab, Workplace));
        return (await StartClusterAsync(new ChaosSetup(Workplace, MembershipStore.Redis(redis.Address), lab)), lab);
    }
}
