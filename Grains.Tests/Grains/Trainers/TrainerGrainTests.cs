using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Tests.Grains.Trainers;

public sealed class TrainerGrainTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 1);
    private static readonly ParameterLayout Layout = ParameterLayout.Of(Spec.Model);

    [Fact]
    public async Task Trainer_RefusesEveryCall_OfAnOlderGeneration()
    {
        var trainer = await Assigned("older", generation: 2);

        TrainerReply[] replies =
        [
            await trainer.TrainChunk(Ticket(generation: 1)),
            await trainer.EvaluateChunk(new(1, 0, States.Parameters(Layout))),
            await trainer.Assign(Assignment("older", generation: 1)),
        ];

        Assert.All(replies, reply => Assert.Equal(2, Assert.IsType<Refusal>(reply).NewestGeneration));
        Assert.IsType<Contribution>(await trainer.TrainChunk(Ticket(generation: 2)));
    }

    [Fact]
    public async Task Trainer_StaysATrainer_WhenAnOlderGenerationWantsASpare()
    {
        var trainer = await Assigned("spare", generation: 2);
        var occupants = fixture.Silos.Cluster.GetSiloServiceProvider().GetRequiredService<SiloOccupants>();

        Assert.IsType<Refusal>(await trainer.Assign(Assignment("spare", generation: 1) with { IsSpare = true }));
        Assert.Contains(occupants.Trainers, one => one.Key == trainer.GetGrainId());

        Assert.IsType<TrainerReady>(await trainer.Assign(Assignment("spare", generation: 3) with { IsSpare = true }));
        Assert.DoesNotContain(occupants.Trainers, one => one.Key == trainer.GetGrainId());
        Assert.IsType<Refusal>(await trainer.Assign(Assignment("spare", generation: 2)));
        Assert.DoesNotContain(occupants.Trainers, one => one.Key == trainer.GetGrainId());
    }

    [Fact]
    public async Task Trainer_KeepsItsLanes_WhenAnOlderGenerationReleasesIt()
    {
        var trainer = await Assigned("released", generation: 2);

        await trainer.Release(1);
        Assert.IsType<Contribution>(await trainer.TrainChunk(Ticket(generation: 2)));
        await trainer.Release(2);
        await fixture.Silos.Cluster.WaitForDeactivationAsync(trainer);

        Assert.Equal(0, Assert.IsType<Refusal>(await trainer.TrainChunk(Ticket(generation: 2))).NewestGeneration);
    }

    [Fact]
    public async Task Trainer_GivesTheSameContribution_WhenAskedForTheSameStepAgain()
    {
        var trainer = await Assigned("again", generation: 1);

        var first = Assert.IsType<Contribution>(await trainer.TrainChunk(Ticket(generation: 1)));
        float[] gradient = first.GradientSums[0].Memory.ToArray(), hidden = first.Hidden.Memory.ToArray();
        var second = Assert.IsType<Contribution>(await trainer.TrainChunk(Ticket(generation: 1)));

        Assert.Contains(gradient, value => value != 0);
        Bits.Same(gradient, second.GradientSums[0].Span);
        Bits.Same(hidden, second.Hidden.Span);
    }

    [Fact]
    public async Task Trainer_RefusesAStep_WhichIsNotItsNext()
    {
        var trainer = await Assigned("elsewhere", generation: 1);

        var refusal = Assert.IsType<Refusal>(await trainer.TrainChunk(Ticket(generation: 1) with { Step = 5 }));

        Assert.Contains("not at step 5", refusal.Reason);
        Assert.Equal(1, refusal.NewestGeneration);
    }

    [Fact]
    public async Task Trainer_ReportsWhatFailed_WhenItsDataAreNotThere()
    {
        var spec = Spec with { Data = Spec.Data with { Source = new NpySource { Files = ["/nowhere/x.npy", "/nowhere/y.npy"] } } };
        var trainer = fixture.Silos.Grains.GetGrain<ITrainerGrain>(0, "nodata");

        var fault = Assert.IsType<TrainerFault>(await trainer.Assign(Assignment("nodata", 1) with { Spec = spec }));

        Assert.Contains("/nowhere/x.npy", fault.Message);
        Assert.Contains(fixture.Silos.Cluster.Silos[0].SiloAddress.Endpoint.ToString(), fault.Message);
    }

    /// <summary>Whatever the spec selects: otherwise nobody would notice a trainer that computes with another engine.</summary>
    [Fact]
    public async Task Trainer_ReportsTheEngineOfItsReplica()
    {
        await using var silos = await TestSilos.Start(1, silo => silo.Services.AddSingleton<OpenReplica>(
            (spec, device) => new WatchedReplica(Engine.Open(spec, device), () => { }) { Engine = "another" }));

        var reply = await silos.Grains.GetGrain<ITrainerGrain>(0, "engine").Assign(Assignment("engine", generation: 1));

        Assert.Equal(("another", "cpu"), (Assert.IsType<TrainerReady>(reply).Engine, ((TrainerReady)reply).Device));
    }

    private static ShardAssignment Assignment(string run, int generation) => new(
        RunId.Parse(run), generation, Spec, 0, 1, 0,
        GradientBuffer.Wrap(new float[Spec.Data.BatchSize * Layout.HiddenPerLane]), []);

    private static StepTicket Ticket(int generation) => new(generation, 0, 0, 0, States.Parameters(Layout));

    private async Task<ITrainerGrain> Assigned(string run, int generation)
    {
        var trainer = fixture.Silos.Grains.GetGrain<ITrainerGrain>(0, run);
        Assert.IsType<TrainerReady>(await trainer.Assign(Assignment(run, generation)));
        return trainer;
    }
}
