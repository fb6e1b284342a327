using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.TestingHost;

namespace Orleans.Tbptt.Tests.Grains.Steps;

public sealed class SiloLossTests
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 5, layers: 2, dropout: 0.2, validationFraction: 0.2);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Run_GivesTheSameBits_WhenASiloOfItsTrainersIsKilled(int round)
    {
        var calls = new TrainerCalls();
        await using var silos = await Start(calls);
        using var halt = calls.HaltBefore(IsFifthStep);
        var run = await silos.Submit(Of(round));
        await halt.Reached;
        var (own, others) = await SilosAround(silos, run);
        var coordinator = GrainsOf(silos, own).GetGrain<ICoordinatorGrain>(run.Text);
        string[] before = [.. (await coordinator.GetStatus()).Trainers.Select(trainer => trainer.Silo)];

        await silos.Cluster.KillSiloAsync(others[0], TestContext.Current.CancellationToken);
        halt.GoOn();
        var lines = await ReadToTheEnd(coordinator);

        var finished = new FinishedRun(silos.Directory(run), await coordinator.GetStatus(), lines);
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
    public async Task Run_GoesOnElsewhere_ToTheSameBits_WhenTheSiloOfItsCoordinatorIsKilled(int round)
    {
        var calls = new TrainerCalls();
        await using var silos = await Start(calls);
        using var halt = calls.HaltBefore(IsFifthStep);
        var run = await silos.Submit(Of(round));
        await halt.Reached;
        var (own, others) = await SilosAround(silos, run);

        await silos.Cluster.KillSiloAsync(own, TestContext.Current.CancellationToken);
        halt.GoOn();
        var coordinator = GrainsOf(silos, others[0]).GetGrain<ICoordinatorGrain>(run.Text);
        var lines = await ReadToTheEnd(coordinator);

        // Nobody but the silos has asked for the run to go on.
        var finished = new FinishedRun(silos.Directory(run), await UntilAnswered(coordinator.GetStatus), lines);
        RunAssert.SameBits(Oracle.Of(Of(round)), finished);
        Assert.True(finished.Events.OfType<RunStarted>().Count() > 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Run_GoesOnElsewhere_AndRepeatsNothing_WhenTheSiloOfItsCoordinatorIsShutDown(int round)
    {
        var calls = new TrainerCalls();
        await using var silos = await Start(calls);
        using var halt = calls.HaltBefore(IsFifthStep);
        var run = await silos.Submit(Of(round));
        await halt.Reached;
        var (own, others) = await SilosAround(silos, run);

        // As a silo does at SIGTERM, before it leaves its cluster.
        var drain = silos.Cluster.GetSiloServiceProvider(own.SiloAddress).GetRequiredService<SiloDrain>();
        drain.Begin();
        halt.GoOn();
        await Task.WhenAny(drain.Drained, Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.True(drain.Drained.IsCompleted,
            $"{string.Join(", ", drain.Occupants)} did not leave; the run is {silos.Directory(run).ReadStatus()}");
        await silos.Cluster.StopSiloAsync(own, TestContext.Current.CancellationToken);
        var coordinator = GrainsOf(silos, others[0]).GetGrain<ICoordinatorGrain>(run.Text);
        var lines = await ReadToTheEnd(coordinator);
        var finished = new FinishedRun(silos.Directory(run), await UntilAnswered(coordinator.GetStatus), lines);

        RunAssert.SameBits(Oracle.Of(Of(round)), finished);
        var started = finished.Events.OfType<RunStarted>().ToList();
        Assert.Equal(2, started.Count);
        long told = finished.Events.OfType<StepCommitted>().Last(step => step.Number < started[1].Number).Step;
        Assert.Equal(told, started[1].Step);
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
        halt.GoOn();
        var finished = await silos.Watch(run);

        RunAssert.SameBits(Oracle.Of(Of(round)), finished);
        var move = Assert.Single(finished.Events.OfType<TrainersMoved>());
        Assert.Equal(2, move.Trainers.Count);
        Assert.Equal([3, 2], finished.Status.Trainers.GroupBy(trainer => trainer.Silo).Select(silo => silo.Count()).OrderDescending());
        Assert.Empty(finished.Events.OfType<TrainersRecovered>());
    }

    /// <summary>The spec for rounds of so many local steps; 1 stands for the exact mode.</summary>
    private static RunSpec Of(int round) => round == 1 ? Spec : Spec.InRounds(round);

    private static bool IsFifthStep(TrainerCall call) => call.Step == 4
        && call.Method is nameof(ITrainerGrain.TrainChunk) or nameof(ITrainerGrain.TrainRound);

    /// <summary>Three silos that take a silent one for dead within a second.</summary>
    private static Task<TestSilos> Start(TrainerCalls calls) => TestSilos.Start(3, silo =>
    {
        silo.AddIncomingGrainCallFilter(calls);
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = options.MaxProbeTimeout = TimeSpan.FromMilliseconds(700);
            options.NumMissedProbesLimit = 2;
            options.NumVotesForDeathDeclaration = 1;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
        });
    });

    private static async Task<(InProcessSiloHandle Own, List<InProcessSiloHandle> Others)> SilosAround(TestSilos silos, RunId run)
    {
        var coordinator = silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        var address = await silos.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(coordinator);
        var own = silos.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(address));
        return (own, [.. silos.Cluster.Silos.Where(silo => silo != own)]);
    }

    private static IGrainFactory GrainsOf(TestSilos silos, InProcessSiloHandle silo) =>
        silos.Cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<IGrainFactory>();

    private static async Task<IReadOnlyList<string>> ReadToTheEnd(ICoordinatorGrain coordinator)
    {
        List<string> lines = [];
        while (lines.Count == 0 || RunJson.ReadEvent(lines[^1]) is not RunEnded)
            lines.AddRange((await UntilAnswered(() => coordinator.ReadEvents(lines.Count, 10_000))).Lines);
        return lines;
    }

    /// <summary>Asks again while the cluster has not noticed yet that a silo is dead.</summary>
    private static async Task<T> UntilAnswered<T>(Func<Task<T>> ask)
    {
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await ask();
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                await Task.Yield();
            }
        }
    }
}
