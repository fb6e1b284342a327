using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

[Slow]
public sealed class SiloLossTests
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 5, layers: 2, dropout: 0.2, validationFraction: 0.2);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Run_GivesTheSameBits_WhenASiloOfItsTrainersIsKilled(int round)
    {
        await using var held = await HeldRun.StartAsync(Of(round), IsFifthStep);
        var (own, others) = await held.SilosAsync();
        var coordinator = held.CoordinatorFrom(own);
        string[] before = [.. (await coordinator.GetStatus()).Trainers.Select(trainer => trainer.Silo)];

        await held.Silos.Cluster.KillSiloAsync(others[0], TestContext.Current.CancellationToken);
        held.Continue();
        var finished = await held.FinishAsync(coordinator);

        RunAssert.SameBits(Oracle.Of(Of(round)), finished);
        Assert.Equal(3, before.Distinct().Count());
        string dead = others[0].SiloAddress.Endpoint.ToString();
        Assert.Contains(before, silo => silo.Contains(dead));
        var lost = finished.Events.OfType<TrainersRecovered>().First().Trainers;
        Assert.Subset(lost.ToHashSet(), Enumerable.Range(0, 5).Where(trainer => before[trainer].Contains(dead)).ToHashSet());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Run_ContinuesElsewhere_ToTheSameBits_WhenTheSiloOfItsCoordinatorIsKilled(int round)
    {
        await using var held = await HeldRun.StartAsync(Of(round), IsFifthStep);
        var (own, others) = await held.SilosAsync();

        await held.Silos.Cluster.KillSiloAsync(own, TestContext.Current.CancellationToken);
        held.Continue();
        var coordinator = held.CoordinatorFrom(others[0]);

        // Nobody but the silos has asked for the run to continue.
        var finished = await held.FinishAsync(coordinator);
        RunAssert.SameBits(Oracle.Of(Of(round)), finished);
        Assert.True(finished.Events.OfType<RunStarted>().Count() > 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Run_ContinuesElsewhere_AndRepeatsNothing_WhenTheSiloOfItsCoordinatorIsShutDown(int round)
    {
        await using var held = await HeldRun.StartAsync(Of(round), IsFifthStep);
        var (own, others) = await held.SilosAsync();

        // As a silo does at SIGTERM, before it leaves its cluster.
        var drain = held.Silos.Cluster.GetSiloServiceProvider(own.SiloAddress).GetRequiredService<SiloDrain>();
        drain.Begin();
        held.Continue();
        await Task.WhenAny(drain.Drained, Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.True(
            drain.Drained.IsCompleted,
            $"{string.Join(", ", drain.Occupants)} did not leave; the run is {held.Silos.Directory(held.Run).ReadStatus()}");
        await held.Silos.Cluster.StopSiloAsync(own, TestContext.Current.CancellationToken);
        var coordinator = held.CoordinatorFrom(others[0]);
        var finished = await held.FinishAsync(coordinator);

        RunAssert.SameBits(Oracle.Of(Of(round)), finished);
        var started = finished.Events.OfType<RunStarted>().ToList();
        Assert.Equal(2, started.Count);
        long last = finished.Events.OfType<StepCommitted>().Last(step => step.Number < started[1].Number).Step;
        Assert.Equal(last, started[1].Step);
        Assert.NotNull(started[1].Checkpoint);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Trainers_MoveToASiloThatJoins_AndNoStepIsRunAgain(int round)
    {
        var calls = new TrainerCalls();
        await using var silos = await TestSilos.Start(1, silo => silo.AddIncomingGrainCallFilter(calls), slots: 3);
        using var halt = calls.HaltBefore(IsFifthStep);
        var run = await silos.Submit(Of(round));
        await halt.Reached;

        await silos.Cluster.StartAdditionalSiloAsync();
        halt.Continue();
        var finished = await silos.Watch(run);

        RunAssert.SameBits(Oracle.Of(Of(round)), finished);
        var move = Assert.Single(finished.Events.OfType<TrainersMoved>());
        Assert.Equal(2, move.Trainers.Count);
        Assert.Equal([3, 2], finished.Status.Trainers.GroupBy(trainer => trainer.Silo).Select(silo => silo.Count()).OrderDescending());
        Assert.Empty(finished.Events.OfType<TrainersRecovered>());
    }

    [Fact]
    public async Task Trainers_HaveNotMoved_WhenTheirNewSiloFailsAndTheyAreBack()
    {
        var calls = new TrainerCalls();
        await using var silos = await TestSilos.Start(1, silo => silo.AddIncomingGrainCallFilter(calls), slots: 3);
        using var halt = calls.HaltBefore(IsFifthStep);
        var run = await silos.Submit(Spec);
        await halt.Reached;
        var joined = await silos.Cluster.StartAdditionalSiloAsync();
        var drain = silos.Cluster.GetSiloServiceProvider(joined.SiloAddress).GetRequiredService<SiloDrain>();

        // An assignment in a generation that has trained is a move: it is lost, and the new silo takes nothing more.
        int lost = 0;
        calls.Instead = call =>
        {
            if (call.Method != nameof(ITrainerGrain.Assign) || !calls.All.Any(one => one.Method == nameof(ITrainerGrain.TrainChunk)
                && one.Generation == call.Generation))
                return null;
            drain.Begin();
            Interlocked.Increment(ref lost);
            return new TrainerLost("gone");
        };
        halt.Continue();
        var finished = await silos.Watch(run);

        RunAssert.SameBits(Oracle.Of(Spec), finished);
        Assert.Equal(2, lost);
        Assert.Empty(finished.Events.OfType<TrainersMoved>());
        Assert.Single(finished.Status.Trainers.Select(trainer => trainer.Silo).Distinct());
    }

    /// <summary>The spec for rounds of so many local steps; 1 stands for the exact mode.</summary>
    private static RunSpec Of(int round) => round == 1 ? Spec : Spec.InRounds(round);

    private static bool IsFifthStep(TrainerCall call) => call.Step == 4
        && call.Method is nameof(ITrainerGrain.TrainChunk) or nameof(ITrainerGrain.TrainRound);
}
