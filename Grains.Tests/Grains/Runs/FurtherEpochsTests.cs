using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>A completed run that is trained further.</summary>
public sealed class FurtherEpochsTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 2, layers: 2, dropout: 0.2, epochs: 2, validationFraction: 0.2) with
    {
        Data = TestSpecs.Average().Data with { ValidationFraction = 0.2, Shuffle = true },
    };

    [Theory]
    [InlineData(5.0, 1)]
    [InlineData(0.0, 0)] // No checkpoint at all: the steps before are computed again.
    public async Task CompletedRun_TrainedFurther_IsTheRunThatHadAllEpochsFromTheStart(double everySeconds, int keepBest)
    {
        fixture.Calls.Reset();
        var first = await fixture.Silos.Train(Spec with { Checkpoint = new() { EverySeconds = everySeconds, KeepBest = keepBest } });
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(first.Directory.Id.Text);

        var reply = await coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current, Sets: ["train.epochs=4"]));
        Assert.Equal("", reply.Problem);
        var finished = await fixture.Silos.Watch(first.Directory.Id, ends: 2);

        var whole = Oracle.Of(Spec with { Train = Spec.Train with { Epochs = 4 } });
        RunAssert.SameSteps(whole, finished);
        Bits.Same(whole.State.Parameters, finished.Model(whole.State.Layout));
        Assert.Equal((4, 4, RunState.Completed), (finished.Status.Epochs, finished.Status.EpochLosses.Count, finished.Status.State));
        Assert.Contains("epochs: 4", await File.ReadAllTextAsync(finished.Directory.Spec, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task CompletedRun_StaysCompleted_WhereNoCheckpointCanBeUsed()
    {
        fixture.Calls.Reset();
        var run = await fixture.Silos.Train(Spec with { Checkpoint = new() { EverySeconds = 5, KeepBest = 1 } });
        string[] states = Directory.GetFiles(run.Directory.Checkpoints, "state.json", SearchOption.AllDirectories);
        Assert.NotEmpty(states);
        foreach (string state in states)
            await File.WriteAllTextAsync(state, "{}", TestContext.Current.CancellationToken);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Directory.Id.Text);

        var reply = await coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current, Sets: ["train.epochs=4"]));

        Assert.StartsWith("none of its checkpoints can be used: ", reply.Problem, StringComparison.Ordinal);
        var status = await coordinator.GetStatus();
        Assert.Equal((RunState.Completed, 2), (status.State, status.Epochs));
    }

    [Fact]
    public async Task CompletedRun_SaysHowToTrainItFurther()
    {
        fixture.Calls.Reset();
        var run = (await fixture.Silos.Train(Spec)).Directory.Id;
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        Assert.Equal(
            $"the run has completed its 2 epochs; to train it further: tbptt resume {run} --set train.epochs=4",
            (await coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current))).Problem);
        Assert.Contains("expected more than 2, the epochs that the run has finished",
            (await coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current, Sets: ["train.epochs=2"]))).Problem,
            StringComparison.Ordinal);
        Assert.Equal(RunState.Completed, (await coordinator.GetStatus()).State);
    }
}
