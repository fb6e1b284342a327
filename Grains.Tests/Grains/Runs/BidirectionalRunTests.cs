using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>Runs of a bidirectional network, whose steps take whole sequences and carry no state.</summary>
[Slow]
public sealed class BidirectionalRunTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = Of(TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 3, validationFraction: 0.2));

    [Theory]
    [InlineData(nameof(ITrainerGrain.TrainChunk), 4)]
    [InlineData(nameof(ITrainerGrain.EvaluateChunk), 1)]
    public async Task StoppedAndResumedRun_IsTheRunThatWasNeverStopped(string method, long at)
    {
        var (run, coordinator) = await fixture.InterruptedAt(Spec, method, at, grain => grain.StopRun("enough"));
        Assert.Equal(RunState.Stopped, (await coordinator.GetStatus()).State);

        var finished = await fixture.Resume(run, coordinator, ends: 2);

        RunAssert.SameSteps(Oracle.Of(Spec), finished);
        RunAssert.RepeatsNothing(finished);
    }

    [Fact]
    public async Task Rounds_GiveTheBitsOfTheSingleProcess()
    {
        fixture.Calls.Reset();
        var spec = Spec.InRounds(2);

        RunAssert.SameBits(Oracle.Of(spec), await fixture.Silos.Train(spec));
    }

    private static RunSpec Of(RunSpec spec) => spec with
    {
        Model = spec.Model with { Bidirectional = true }, Data = spec.Data with { Shuffle = true },
        Tbptt = new() { ChunkLength = 10, Backprop = new FullBackprop() },
    };
}
