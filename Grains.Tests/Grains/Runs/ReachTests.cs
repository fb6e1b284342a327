using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>
/// However far gradients reach, a run that is interrupted anywhere and continued from a checkpoint gives the bits of the single process.
/// </summary>
public sealed class ReachTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly Dictionary<string, TbpttSpec> Reaches = new()
    {
        ["full"] = new() { ChunkLength = 4, Backprop = new FullBackprop() },
        ["window"] = new() { ChunkLength = 5, Backprop = new WindowBackprop { Length = 15 } },
        ["burn-in"] = new() { ChunkLength = 10, BurnIn = 12 },
        ["random"] = new() { ChunkLength = 8, RandomLength = new() { Deviation = 2, HalfProbability = 0.3 } },
    };

    public static TheoryData<string, long> Interruptions { get; } = new()
    {
        { "full", 2 }, { "full", 4 }, { "window", 4 }, { "window", 13 }, { "burn-in", 5 }, { "random", 4 }, { "random", 11 },
    };

    [Theory, MemberData(nameof(Interruptions))]
    public async Task StoppedAndResumedRun_IsTheRunThatWasNeverStopped(string reach, long at)
    {
        var spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 2, validationFraction: 0.2) with
        {
            Tbptt = Reaches[reach],
        };
        var (run, coordinator) = await fixture.InterruptedAt(
            spec, nameof(ITrainerGrain.TrainChunk), at, grain => grain.StopRun("enough"));
        Assert.Equal(RunState.Stopped, (await coordinator.GetStatus()).State);

        var finished = await fixture.Resume(run, coordinator, ends: 2);

        var oracle = Oracle.Of(spec);
        RunAssert.SameSteps(oracle, finished);
        RunAssert.RepeatsNothing(finished);
        Assert.Equal(
            oracle.Steps.Select(step => step.LearningRate), finished.Events.OfType<StepCommitted>().Select(step => step.LearningRate));
    }
}
