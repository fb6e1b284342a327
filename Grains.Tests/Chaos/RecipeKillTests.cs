using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>
/// Silos of a run are killed within an update of several chunks: its gradients so far, and the average of the parameters, must not be lost.
/// </summary>
public sealed class RecipeKillTests(ChaosReport report) : ChaosTest(report)
{
    /// <summary>Checkpoints at multiples of 17, in epochs of 40 steps: most of them lie within an update.</summary>
    private static readonly RunSpec Spec = RecoverySpecs.With(
        "checkpoint.everySteps=17", "train.accumulate=3", "train.clipValue=0.05", "train.ema={decay: 0.99}", "train.output=ema");

    [Fact(Timeout = Limit)]
    public async Task Run_GivesTheSameBits_WhenEverySiloIsKilledAndTheClusterIsStartedAgain()
    {
        var cluster = await StartClusterAsync(silos: 2);
        var run = await cluster.SubmitAsync(Spec);
        await run.Await<CheckpointWritten>("a checkpoint", one => one.Step >= 2 * RecoverySpecs.CheckpointSteps);

        var strike = Strike.With("kill -9 of every silo, then restart, updates of 3 steps", () =>
        {
            foreach (var silo in cluster.Silos)
                silo.Kill();
        });
        await cluster.KillAllAsync();
        await cluster.StartSilosAsync(2);
        var takeover = await run.Await<RunStarted>("the takeover", one => one.Time > strike.At);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        Assert.True(takeover.Step > 0);
        await ReportAsync(strike, run);
    }
}
