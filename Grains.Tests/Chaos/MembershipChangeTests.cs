using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>Silos come and go in an orderly way: trainers move between two steps, and none is computed twice.</summary>
public sealed class MembershipChangeTests(ChaosReport report) : ChaosTest(report)
{
    /// <summary>More than are made while trainers move.</summary>
    private const int SettledSteps = 400;

    private static readonly RunSpec Spec = RecoverySpecs.Standard;
    private static readonly TimeSpan Orderly = TimeSpan.FromSeconds(10);

    [Fact(Timeout = Limit)]
    public async Task Trainers_MoveToASiloThatJoins_WithoutRepeatingAStep()
    {
        var cluster = await StartClusterAsync(silos: 2);
        var spec = RecoverySpecs.Longer(4);
        var run = await cluster.SubmitAsync(spec);
        await run.AwaitStep(100);

        var strike = Strike.With("a silo joins (its start included)", () => { });
        var joined = (await cluster.StartSilosAsync(1))[0];
        await run.Await<TrainersMoved>("the move", _ => true);
        var places = await Whereabouts.FindAsync(cluster, run.Id);
        await run.AwaitEnd();

        ChaosAssert.SameBits(spec, run);
        Assert.Contains(joined, places.Trainers);
        Assert.Empty(run.Events.OfType<TrainersRecovered>());
        Assert.Equal(0, (await ReportAsync(strike, run)).StepsRepeated);
    }

    [Fact(Timeout = Limit)]
    public async Task Trainers_LeaveASiloThatIsAskedToEnd_WithoutRepeatingAStep()
    {
        var cluster = await StartClusterAsync();
        var run = await cluster.SubmitAsync(Spec);
        await run.AwaitStep(100);
        var silo = (await Whereabouts.FindAsync(cluster, run.Id)).OfATrainer;

        var strike = Strike.With("SIGTERM to a trainer's silo", () => { });
        var (code, took) = await silo.TerminateAsync();
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        Assert.Equal(0, code);
        Assert.InRange(took, TimeSpan.Zero, Orderly);
        Assert.NotEmpty(run.Events.OfType<TrainersMoved>());
        Assert.Empty(run.Events.OfType<TrainersRecovered>());
        Assert.Equal(0, (await ReportAsync(strike, run)).StepsRepeated);
    }

    [Fact(Timeout = Limit)]
    public async Task Coordinator_LeavesASiloThatIsAskedToEnd_WithoutRepeatingAStep()
    {
        var cluster = await StartClusterAsync();
        var run = await cluster.SubmitAsync(Spec);
        await run.AwaitStep(100);
        var silo = (await Whereabouts.FindAsync(cluster, run.Id)).Coordinator;

        var strike = Strike.With("SIGTERM to the coordinator's silo", () => { });
        var (code, took) = await silo.TerminateAsync();
        var takeover = await run.Await<RunStarted>("the takeover", one => one.Time > strike.At);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        Assert.Equal(0, code);
        Assert.InRange(took, TimeSpan.Zero, Orderly);
        Assert.NotNull(takeover.Checkpoint);
        Assert.Equal(takeover.Step, Assert.Single(run.Events.OfType<RunHandedOver>()).Step);
        Assert.Equal(0, (await ReportAsync(strike, run)).StepsRepeated);
    }

    [Fact(Timeout = Limit)]
    public async Task Run_GivesTheSameBits_OnOneSilo_ThenFour_ThenOne()
    {
        var spec = RecoverySpecs.Longer(6);
        var cluster = await StartClusterAsync(silos: 1);
        var run = await cluster.SubmitAsync(spec);
        await run.AwaitStep(100);

        var joined = await cluster.StartSilosAsync(3);
        await run.Await<TrainersMoved>("the move to the new silos", _ => true);
        var stays = joined[^1];
        foreach (var silo in cluster.Silos.Where(silo => silo != stays).ToArray())
        {
            Assert.Equal(0, (await silo.TerminateAsync()).ExitCode);

            // Until the run trains on without it: a trainer that is on its way to the silo that ends next would be lost, and recovered.
            await run.AwaitStep(run.LastStep + SettledSteps);
        }

        await run.AwaitEnd();

        ChaosAssert.SameBits(spec, run);
        Assert.Equal([stays], cluster.Awake);
        Assert.Empty(run.Events.OfType<TrainersRecovered>());
    }
}
