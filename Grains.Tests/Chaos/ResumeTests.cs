using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>Runs that are paused, killed, and resumed.</summary>
public sealed class ResumeTests(ChaosReport report) : ChaosTest(report)
{
    private static readonly RunSpec Spec = RecoverySpecs.Standard;

    [Fact(Timeout = Limit)]
    public async Task PausedRun_StaysPausedWhenEverySiloIsKilled_AndResumedIsAsIfNeverPaused()
    {
        var cluster = await StartClusterAsync(silos: 2);
        var run = await cluster.SubmitAsync(Spec);
        await run.AwaitStep(105);

        var paused = await cluster.Coordinator(run.Id).PauseRun("the test wants it");
        Assert.Equal(("", RunState.Paused), (paused.Problem, paused.Status.State));
        var pause = await run.Await<RunPaused>("the pause", _ => true);
        Assert.Equal(run.LastStep, pause.Step);
        await cluster.KillAllAsync();
        await cluster.StartSilosAsync(2);
        await cluster.AllActiveAsync();
        var status = await ChaosClient.Ask<RunStatus>("the status", async () => await cluster.Coordinator(run.Id).GetStatus());
        Assert.Equal((RunState.Paused, pause.Step), (status.State, status.Step));
        Assert.Equal(pause.Number, run.Events[^1].Number);

        var strike = Strike.With("paused, all killed, restarted, resumed (from the resume on)", () => { });
        await cluster.ResumeAsync(run);
        var started = await run.Await<RunStarted>("the resumption", _ => true, after: pause.Number);
        await run.AwaitEnd();

        Assert.Equal(pause.Step, started.Step);
        ChaosAssert.SameBits(Spec, run);
        Assert.Equal(0, (await ReportAsync(strike, run)).StepsRepeated);
    }

    [Fact(Timeout = Limit)]
    public async Task KilledRun_ResumedOnAnotherCluster_GivesTheBitsOfAnUninterruptedOne()
    {
        var setup = new ChaosSetup(Workplace, MembershipStore.Redis(await StartRedisAsync()));
        var (cluster, run) = await KilledAsync(setup);
        var another = await StartClusterAsync(setup, silos: 2, id: "another", firstSilo: cluster.Silos.Count);

        var strike = Strike.With("all killed, resumed on another cluster (from the resume on)", () => { });
        await another.ResumeAsync(run);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        Assert.NotNull(run.Events.OfType<RunStarted>().Last().Checkpoint);
        await ReportAsync(strike, run);
    }

    [Fact(Timeout = Limit)]
    public async Task KilledRun_ResumedWithAnotherNumberOfTrainers_GivesTheSameWithinRounding()
    {
        var setup = new ChaosSetup(Workplace, MembershipStore.Redis(await StartRedisAsync()));
        var (cluster, run) = await KilledAsync(setup);
        var another = await StartClusterAsync(setup, silos: 2, id: "another", firstSilo: cluster.Silos.Count);
        long published = run.LastStep;

        await another.ResumeAsync(run, trainers: 2);
        await run.AwaitEnd();

        ChaosAssert.Journal(run);
        Assert.Equal(2, run.Events.OfType<RunStarted>().Last().Trainers);
        var steps = run.Events.OfType<StepCommitted>().ToArray();
        var oracle = UnfaultedRun.Of(Spec).Oracle.Steps;
        Assert.Equal(oracle.Count, steps.Length);
        Assert.All(steps.Zip(oracle), pair => Assert.Equal(
            pair.Second.Loss, pair.First.Loss, pair.Second.Loss * (pair.First.Step <= published ? 0 : 1e-3)));
    }

    private async Task<(ChaosCluster Cluster, RunRecorder Run)> KilledAsync(ChaosSetup setup)
    {
        var cluster = await StartClusterAsync(setup, silos: 2);
        var run = await cluster.SubmitAsync(Spec);
        await run.Await<CheckpointWritten>("a checkpoint", one => one.Step >= 2 * RecoverySpecs.CheckpointSteps);
        await cluster.KillAllAsync();
        return (cluster, run);
    }
}
