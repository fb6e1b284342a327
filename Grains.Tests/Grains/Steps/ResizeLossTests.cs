using System.Collections.Concurrent;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>Silos that are lost while a run is given another number of trainers.</summary>
[Slow]
public sealed class ResizeLossTests
{
    private const long Held = 4;

    private static readonly RunSpec Spec = Of(TestSpecs.Average(trainers: 2, layers: 2, dropout: 0.2, epochs: 3, validationFraction: 0.2));

    /// <summary>Where the resize is when a silo is killed: new trainers open, or all are given their shards.</summary>
    public static TheoryData<bool, bool, int> Places { get; } = new()
    {
        { true, false, 4 },
        { false, false, 4 },
        { false, false, 1 },
        { false, true, 4 },
    };

    [Theory, MemberData(nameof(Places))]
    public async Task Run_GivesTheSameBits_WithTheTrainersItWasGiven_WhenItsCoordinatorIsKilled(bool opens, bool inRounds, int trainers)
    {
        var spec = inRounds ? Spec.InRounds(4) : Spec;
        await using var held = await HeldRun.StartAsync(spec, IsHeld);
        var (own, others) = await held.SilosAsync();
        var opened = Opened(held.Calls);
        using var resizing = held.Calls.HaltBefore(call => call.Method == nameof(ITrainerGrain.Assign)
            && (opens ? call.Trainer >= spec.Train.Trainers : call.Step > Held));
        held.CoordinatorFrom(own).ResizeRun(Wish(trainers)).Ignore();
        if (!opens)
        {
            await Prepared(held, trainers, opened);
            held.Continue();
        }

        await resizing.Reached;
        await held.Silos.Cluster.KillSiloAsync(own, TestContext.Current.CancellationToken);
        resizing.Continue();
        held.Continue();
        var finished = await held.FinishAsync(held.CoordinatorFrom(others[0]));

        RunAssert.SameBits(Oracle.Of(spec), finished);
        var started = finished.Events.OfType<RunStarted>().Last();
        Assert.Equal((6, started.Trainers), (started.Shards, finished.Status.Trainers.Count));

        // While trainers open, what is left of the coordinator in this process may find that they cannot, and write the former number.
        Assert.Contains(started.Trainers, opens ? [spec.Train.Trainers, trainers] : (int[])[trainers]);
    }

    [Fact]
    public async Task Run_GivesTheSameBits_WhenASiloIsKilledWhoseTrainersAreGivenTheirShards()
    {
        await using var held = await HeldRun.StartAsync(Spec, IsHeld);
        var (own, others) = await held.SilosAsync();
        var coordinator = held.CoordinatorFrom(own);
        var opened = Opened(held.Calls);
        using var resizing = held.Calls.HaltBefore(call => call.Method == nameof(ITrainerGrain.Assign) && call.Step > Held);
        var asked = coordinator.ResizeRun(Wish(5));
        await Prepared(held, 5, opened);
        held.Continue();
        await resizing.Reached;
        await held.Silos.Cluster.KillSiloAsync(others[0], TestContext.Current.CancellationToken);
        resizing.Continue();
        var reply = await asked;
        var finished = await held.FinishAsync(coordinator);

        RunAssert.SameBits(Oracle.Of(Spec), finished);
        Assert.Equal(("", 5), (reply.Problem, finished.Status.Trainers.Count));
        Assert.Single(finished.Events.OfType<TrainersResized>());
    }

    private static RunSpec Of(RunSpec spec) => spec with { Train = spec.Train with { Shards = 6 } };

    private static ResizeRequest Wish(int trainers) => new(trainers, "wanted by the test", ProtocolVersion.Current);

    private static bool IsHeld(TrainerCall call) => call.Step == Held
        && call.Method is nameof(ITrainerGrain.TrainChunk) or nameof(ITrainerGrain.TrainRound);

    /// <summary>Counts the new trainers that have opened from now on.</summary>
    private static Func<int> Opened(TrainerCalls calls)
    {
        var opened = new ConcurrentDictionary<int, bool>();
        calls.After = call =>
        {
            if (call.Method == nameof(ITrainerGrain.Assign) && call.Trainer >= Spec.Train.Trainers)
                opened[call.Trainer] = true;
            return Task.CompletedTask;
        };
        return () => opened.Count;
    }

    /// <summary>The spec has been written, and the new trainers have opened.</summary>
    private static async Task Prepared(HeldRun held, int trainers, Func<int> opened)
    {
        var coordinator = held.Silos.Grains.GetGrain<ICoordinatorGrain>(held.Run.Text);
        while (held.Silos.Directory(held.Run).ReadSpec().Train.Trainers != trainers || opened() < trainers - Spec.Train.Trainers)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await coordinator.GetStatus();
        }
    }
}
