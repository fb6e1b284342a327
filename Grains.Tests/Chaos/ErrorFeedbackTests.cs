using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>Silos of a run are killed whose trainers keep rounding errors that nobody else has.</summary>
public sealed class ErrorFeedbackTests(ChaosReport report) : ChaosTest(report)
{
    private static readonly RunSpec Spec = RecoverySpecs.With("train.wire=bfloat16-feedback", "train.epochs=30");

    [Fact(Timeout = Limit)]
    public async Task Run_GivesTheSameBits_WhenATrainersSiloIsKilled_AndThenTheCoordinators()
    {
        var cluster = await StartClusterAsync(silos: 4);
        var run = await cluster.SubmitAsync(Spec);
        var ofATrainer = (await InTheMiddleAsync(cluster, run)).OfATrainer;

        var first = Strike.With("kill -9 of a trainer's silo, bfloat16 with error feedback", ofATrainer.Kill);
        var back = await run.Await<RunWentBack>("the way back", one => one.Time > first.At);
        await run.AwaitStep(back.Step + RecoverySpecs.CheckpointSteps);
        var ofTheCoordinator = (await Whereabouts.FindAsync(cluster, run.Id)).Coordinator;
        var second = Strike.With("kill -9 of the coordinator's silo, bfloat16 with error feedback", ofTheCoordinator.Kill);
        await run.Await<RunStarted>("the takeover", one => one.Time > second.At);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);

        // Checkpoints are written beside training: the newest one may be one period older than the steps that were told.
        var (recovery, _) = (await ReportAsync(first, run, ofATrainer), await ReportAsync(second, run, ofTheCoordinator));
        Assert.InRange(recovery.StepsRepeated, 0, 3 * RecoverySpecs.CheckpointSteps);
    }
}
