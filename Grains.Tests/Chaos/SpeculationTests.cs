using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>Silos that are stopped while a run speculates: others answer in their place.</summary>
public sealed class SpeculationTests(ChaosReport report) : ChaosTest(report)
{
    /// <summary>Without evaluations, in which a silo is waited for.</summary>
    private static readonly string[] Sets = ["speculate=auto", "data.validationFraction=0"];

    /// <summary>Steps that the run makes while a silo is stopped: it waits for none of them.</summary>
    private const int Steps = 40;

    private static readonly RunSpec Spec = RecoverySpecs.Longer(2, Sets);

    [Fact(Timeout = Limit)]
    public async Task Run_Continues_ToTheSameBits_WhileSilosAreStoppedAndContinued()
    {
        var cluster = await StartClusterAsync();
        var run = await cluster.SubmitAsync(Spec);
        await run.AwaitStep(100);
        var coordinator = await Whereabouts.CoordinatorAsync(cluster, run.Id);
        for (int stops = 0; stops < 6; stops++)
        {
            var silo = cluster.Silos.Where(one => one != coordinator && one.IsAlive).ElementAt(stops % 2);
            silo.Freeze();
            await run.AwaitStep(run.LastStep + Steps);
            silo.Thaw();
            await run.AwaitStep(run.LastStep + (stops * Steps));
        }

        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        Assert.Contains(run.Events, one => one is TrainersMoved);
    }

    [Fact(Timeout = Limit)]
    public async Task Run_GivesTheSameBits_WhenTheSparesSiloAndThenTheCoordinatorsAreKilled_WhileASiloIsStopped()
    {
        // The coordinator's silo has two of five trainers: spares go to another one.
        var spec = RecoverySpecs.Longer(2, [.. Sets, "train.trainers=5"]);
        var cluster = await StartClusterAsync(silos: 4);
        var run = await cluster.SubmitAsync(spec);
        var places = await InTheMiddleAsync(cluster, run);
        var late = places.OfATrainer;

        var strike = Strike.With("SIGSTOP of a trainer's silo, whose work another one does", late.Freeze);
        var moved = await MovedAsync(run, strike);
        var host = cluster.Awake.First(silo => moved.Reason.Contains($"; {silo.Name} ", StringComparison.Ordinal));
        host.Kill();
        await run.AwaitStep(run.LastStep + Steps);
        var coordinator = await Whereabouts.CoordinatorAsync(cluster, run.Id);
        coordinator.Kill();
        late.Thaw();
        await run.AwaitEnd();

        ChaosAssert.SameBits(spec, run);
    }

    /// <summary>Waits for the spare in a trainer's place, and reports how long the run made no step.</summary>
    private async Task<TrainersMoved> MovedAsync(RunRecorder run, Strike strike)
    {
        var moved = await run.Await<TrainersMoved>("the spare in its place", one => one.Time > strike.At);
        var next = await run.Await<StepCommitted>("the step behind", _ => true, after: moved.Number);
        Costs.Add(new(strike.Fault, (next.Time - strike.At).TotalSeconds, 0, null));
        return moved;
    }
}
