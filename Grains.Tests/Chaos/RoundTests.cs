using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>
/// Silos of a run that trains in rounds of local steps are killed: its trainers' optimizers are part of what must not be lost.
/// </summary>
public sealed class RoundTests(ChaosReport report) : ChaosTest(report)
{
    /// <summary>Rounds of 7 steps in epochs of 40: five whole ones and one of 5.</summary>
    private const int Steps = 7;

    /// <summary>Long enough that the run has not ended when its second fault strikes: with 30 epochs it sometimes had.</summary>
    private static readonly RunSpec Spec = RecoverySpecs.With($"train.sync={{mode: local, chunks: {Steps}}}", "train.epochs=250");

    [Fact(Timeout = Limit)]
    public async Task Run_GivesTheSameBits_WhenATrainersSiloIsKilled_AndThenTheCoordinators()
    {
        var cluster = await StartClusterAsync(silos: 4);
        var run = await cluster.SubmitAsync(Spec);
        var ofATrainer = (await InTheMiddleAsync(cluster, run)).OfATrainer;

        var first = Strike.With($"kill -9 of a trainer's silo, rounds of {Steps} steps", ofATrainer.Kill);
        var recovered = await run.Await<TrainersRecovered>("the recovery", one => one.Time > first.At);
        await run.AwaitStep(recovered.Step + RecoverySpecs.CheckpointSteps);
        var ofTheCoordinator = (await Whereabouts.FindAsync(cluster, run.Id)).Coordinator;
        var second = Strike.With($"kill -9 of the coordinator's silo, rounds of {Steps} steps", ofTheCoordinator.Kill);
        var takeover = await run.Await<RunStarted>("the takeover", one => one.Time > second.At);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);

        // Where the fault fell into an evaluation no round is run again, and none is reported.
        if (recovered.Steps is { } repeated)
            Assert.InRange(repeated, 1, Steps);
        Assert.NotNull(takeover.Checkpoint);
        Assert.Empty(takeover.PassedOver);
        await ReportAsync(first, run, ofATrainer);
        await ReportAsync(second, run, ofTheCoordinator);
    }

    [Fact(Timeout = Limit)]
    public async Task Run_GivesTheSameBits_WhenEverySiloIsKilledAndTheClusterIsStartedAgain()
    {
        var cluster = await StartClusterAsync(silos: 2);
        var run = await cluster.SubmitAsync(Spec);
        await run.Await<CheckpointWritten>("a checkpoint", one => one.Step >= 2 * RecoverySpecs.CheckpointSteps);

        var strike = Strike.With($"kill -9 of every silo, then restart, rounds of {Steps} steps", () =>
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
