using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

[Slow]
public sealed class AutoscaleTests
{
    private static readonly RunSpec Spec = Scaling(TestSpecs.Average(trainers: 4, layers: 2, dropout: 0.2, epochs: 5_000), 1);

    [Fact]
    public async Task Run_GivesSlotsToOneOfHigherPriority_WithoutAPause_AndTakesThemBack_WithTheSameBits()
    {
        await using var silos = await TestSilos.Start(1, slots: 4);
        var run = await silos.Submit(Spec);
        var events = silos.EventsOf(run);
        await events.Next<StepCommitted>();

        var urgent = await silos.Watch(await silos.Submit(TestSpecs.Average(trainers: 3) with { Name = "urgent" }, priority: 1));
        await events.Next<TrainersResized>(resize => resize.Trainers == 4);
        var coordinator = silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        await coordinator.StopRun("enough");
        var stopped = await silos.Watch(run);

        Assert.Equal(RunState.Completed, urgent.End.State);
        var resizes = stopped.Events.OfType<TrainersResized>().ToList();
        Assert.Equal((4, 1), (resizes[0].Before, resizes[0].Trainers));
        Assert.All(resizes.Skip(1), resize => Assert.True(resize.Trainers > resize.Before));
        Assert.Empty(stopped.Events.OfType<RunPaused>());
        Assert.Single(stopped.Events.OfType<RunStarted>());
        Assert.Contains("urgent", resizes[0].Reason);
        SameBits(stopped);
    }

    [Fact]
    public async Task Run_BeginsWithTheSlotsThatAreFree_AndGrowsWhenThereAreMore()
    {
        await using var silos = await TestSilos.Start(1, slots: 4);
        var first = await silos.Submit(Spec with { Train = Spec.Train with { Autoscale = null, Trainers = 3 } });
        await silos.EventsOf(first).Next<StepCommitted>();
        var second = await silos.Submit(Spec);
        var events = silos.EventsOf(second);
        var fewer = await events.Next<TrainersResized>();

        await silos.Grains.GetGrain<ICoordinatorGrain>(first.Text).StopRun("enough");
        var more = await events.Next<TrainersResized>(resize => resize.Trainers > resize.Before);
        await silos.Grains.GetGrain<ICoordinatorGrain>(second.Text).StopRun("enough");

        Assert.Equal((0L, 4, 1), (fewer.Step, fewer.Before, fewer.Trainers));
        Assert.Equal("slots are free", more.Reason);
        SameBits(await silos.Watch(second));
    }

    [Fact]
    public async Task Resize_IsRefused_OfARunThatScalesItself()
    {
        await using var silos = await TestSilos.Start(1, slots: 4);
        var run = await silos.Submit(Spec);
        await silos.EventsOf(run).Next<StepCommitted>();
        var coordinator = silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        var reply = await coordinator.ResizeRun(new(2, "wanted by the test", ProtocolVersion.Current));
        await coordinator.StopRun("enough");

        Assert.Contains("train.autoscale: found 1 to 4 trainers", reply.Problem);
        Assert.Contains("--set train.autoscale=", reply.Problem);
    }

    private static RunSpec Scaling(RunSpec spec, int min) => spec with
    {
        Train = spec.Train with { Shards = 4, Autoscale = new() { Min = min, Max = 4 } },
    };

    private static void SameBits(FinishedRun stopped)
    {
        var oracle = Oracle.Of(Spec with { Limits = new() { Steps = stopped.StepLosses.Length } });
        Bits.Same(oracle.Steps.Select(step => step.Loss), stopped.StepLosses);
        Bits.Same(oracle.Steps.Select(step => step.GradientNorm), stopped.GradientNorms);
        Bits.Same(oracle.State.Parameters, Parameters(stopped, oracle.State.Layout));
    }

    /// <summary>The parameters in the checkpoint of a run's last step.</summary>
    private static float[] Parameters(FinishedRun run, ParameterLayout layout)
    {
        string checkpoint = Assert.Single(Directory.GetDirectories(run.Directory.Checkpoints, $"*-{run.End.Step}"));
        var parameters = new float[layout.Length];
        SafetensorsFile.ReadInto(Path.Combine(checkpoint, "model.safetensors"), layout, parameters);
        return parameters;
    }
}
