using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>
/// The silo of the coordinator is lost: another takes the run over from its newest checkpoint, and nobody has to ask for it.
/// </summary>
public sealed class CoordinatorSiloTests(ChaosReport report) : ChaosTest(report)
{
    private static readonly RunSpec Spec = RecoverySpecs.Standard;

    [Theory(Timeout = Limit)]
    [InlineData("fused")]
    [InlineData("torch")]
    public async Task Run_GivesTheSameBits_WhenItsCoordinatorsSiloIsKilled(string engine)
    {
        var spec = RecoverySpecs.On(engine);
        var cluster = await StartClusterAsync();
        var run = await cluster.SubmitAsync(spec);
        var places = await InTheMiddleAsync(cluster, run);
        var watch = new RunWatch(cluster, run.Id);
        var watching = watch.ToTheEndAsync();

        var strike = Strike.With(engine == ChaosSpecs.Engine ? "kill -9 of the coordinator's silo"
            : $"kill -9 of the coordinator's silo (engine {engine})", places.Coordinator.Kill);
        var takeover = await TakeoverAsync(run, strike);
        await run.AwaitEnd();

        ChaosAssert.SameBits(spec, run);
        Assert.Equal(run.Lines, await watching);
        Assert.NotNull(takeover.Checkpoint);
        Assert.Empty(takeover.PassedOver);
        var recovery = await ReportAsync(strike, run, places.Coordinator);
        Assert.InRange(recovery.Seconds!.Value, 0, 10);
        Assert.InRange(recovery.StepsRepeated, 0, 2 * RecoverySpecs.CheckpointSteps);
    }

    [Fact(Timeout = Limit)]
    public async Task Run_GivesTheSameBits_WhenTheSilosOfItsCoordinatorAndOfATrainerAreKilledAtOnce()
    {
        var cluster = await StartClusterAsync();
        var run = await cluster.SubmitAsync(Spec);
        var places = await InTheMiddleAsync(cluster, run);

        var strike = Strike.With("kill -9 of the coordinator's silo and a trainer's", () =>
        {
            places.OfATrainer.Kill();
            places.Coordinator.Kill();
        });
        await TakeoverAsync(run, strike);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        await ReportAsync(strike, run, places.Coordinator);
    }

    [Fact(Timeout = Limit)]
    public async Task Run_ContinuesByItself_WhenEverySiloIsKilledAndTheClusterIsStartedAgain()
    {
        var cluster = await StartClusterAsync();
        var run = await cluster.SubmitAsync(Spec);
        await InTheMiddleAsync(cluster, run);

        var strike = Strike.With("kill -9 of every silo, then restart (the restart's seconds included)", () =>
        {
            foreach (var silo in cluster.Silos)
                silo.Kill();
        });
        await cluster.KillAllAsync();
        await cluster.StartSilosAsync(3);
        var takeover = await TakeoverAsync(run, strike);
        await run.AwaitEnd();

        ChaosAssert.SameBits(Spec, run);
        Assert.True(takeover.Step > 0);
        await ReportAsync(strike, run);
    }

    [Fact(Timeout = Limit)]
    public async Task Run_GivesTheSameBits_WhenThreeCoordinatorsAreKilled_EachWhenItHasJustTakenOver()
    {
        var spec = RecoverySpecs.Longer(2);
        var cluster = await StartClusterAsync(silos: 4);
        var run = await cluster.SubmitAsync(spec);
        var coordinator = (await InTheMiddleAsync(cluster, run)).Coordinator;
        for (int killed = 1; killed <= 3; killed++)
        {
            var strike = Strike.With($"kill -9 of the coordinator's silo, {killed} of 3, each as it takes over", coordinator.Kill);
            await TakeoverAsync(run, strike);
            coordinator = killed == 3 ? coordinator : (await Whereabouts.CoordinatorAsync(cluster, run.Id));
        }

        await run.AwaitEnd();

        ChaosAssert.SameBits(spec, run);
        Assert.Single(cluster.Awake);
    }

    /// <summary>With one trainer on its silo a frozen coordinator, continued, could commit steps without asking anybody.</summary>
    [Theory(Timeout = Limit)]
    [InlineData(3)]
    [InlineData(1)]
    public async Task FrozenCoordinator_CommitsAndWritesNothing_WhenItIsContinuedAfterItsDeath(int trainers)
    {
        var spec = RecoverySpecs.Longer(5, $"train.trainers={trainers}");
        var cluster = await StartClusterAsync();
        var run = await cluster.SubmitAsync(spec);
        var frozen = (await InTheMiddleAsync(cluster, run)).Coordinator;

        var strike = Strike.With($"SIGSTOP of the coordinator's silo, trainers: {trainers}", frozen.Freeze);
        var takeover = await TakeoverAsync(run, strike);
        var checkpoint =
            await run.Await<CheckpointWritten>("a checkpoint of the new coordinator", one => one.Generation >= takeover.Generation);
        var before = Checkpoints.Of(run.Run, under: takeover.Generation);
        frozen.Thaw();
        await frozen.Exited.WaitAsync(Wait.Patience, TestContext.Current.CancellationToken);

        // Whatever it did in its last moments: the newest checkpoint is one of the living coordinator.
        Assert.Equal(70, frozen.ExitCode);
        await cluster.KillAllAsync();
        Assert.Subset(before.ToHashSet(), Checkpoints.Of(run.Run, under: takeover.Generation).ToHashSet());
        bool isOver = run.Events.OfType<RunEnded>().Any();
        await cluster.StartSilosAsync(2);

        // A machine that is fast enough may have ended the run before the silo that was frozen had read of its death.
        if (!isOver)
        {
            var again = await run.Await<RunStarted>("the next takeover", one => one.Generation > checkpoint.Generation,
                after: checkpoint.Number);
            Assert.True(Checkpoints.Generation(again.Checkpoint!) >= takeover.Generation,
                $"{again.Checkpoint} is of a generation before {takeover.Generation}");
        }

        await run.AwaitEnd();

        ChaosAssert.SameBits(spec, run);
        await ReportAsync(strike, run, frozen);
    }

    private static Task<RunStarted> TakeoverAsync(RunRecorder run, Strike strike) =>
        run.Await<RunStarted>("the takeover", one => one.Time > strike.At);
}
