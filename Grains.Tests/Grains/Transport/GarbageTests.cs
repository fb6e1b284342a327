using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Transport;

/// <summary>Tests that count the process's garbage: nothing else may run at the same time.</summary>
[Slow, CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CountingGarbage
{
    public const string Name = "counting garbage";
}

/// <summary>What steps between two silos leave behind: a large model's buffers are used over and over, on both sides.</summary>
[Collection(CountingGarbage.Name)]
public sealed class GarbageTests(ITestOutputHelper output)
{
    /// <summary>Without pools 200 steps of the large model, 34 MB each, are over a hundred collections.</summary>
    private const int MostCollections = 3;

    [Theory]
    [InlineData(20, 2, 10_000, 100_000)]
    [InlineData(1024, 2, 200, 4_000_000)]
    [InlineData(1024, 4, 200, 4_000_000)]
    public async Task Steps_LeaveNothingForTheCollector(int hiddenSize, int trainers, int steps, long mostBytesAStep)
    {
        await using var silos = await TestSilos.Start(2, silo => silo.AddIncomingGrainCallFilter<AnswerAtOnce>());
        int collections = GC.CollectionCount(2);
        long bytes = GC.GetTotalAllocatedBytes();
        var run = await silos.Submit(Spec(hiddenSize, trainers, steps));
        var coordinator = silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        long seen = 0;
        for (bool ended = false; !ended;)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            var page = await coordinator.ReadEvents(seen, 10_000);
            seen = page.Last;
            ended = page.Lines.Any(line => line.StartsWith("{\"type\":\"end\"", StringComparison.Ordinal));
        }

        collections = GC.CollectionCount(2) - collections;
        long bytesAStep = (GC.GetTotalAllocatedBytes() - bytes) / steps;
        var status = await coordinator.GetStatus();

        output.WriteLine(
            $"{status.Parameters:N0} parameters, {trainers} trainers: {collections} full collections in {steps:N0} steps, " +
            $"{bytesAStep:N0} bytes a step");
        Assert.Equal((RunState.Completed, (long)steps), (status.State, status.Step));
        Assert.Equal(2, status.Trainers.Select(trainer => trainer.Silo).Distinct().Count());
        Assert.InRange(collections, 0, MostCollections);
        Assert.InRange(bytesAStep, 0, mostBytesAStep);
    }

    private static RunSpec Spec(int hiddenSize, int trainers, int steps)
    {
        var spec = TestSpecs.Average(trainers, epochs: 1);
        return spec with
        {
            Model = spec.Model with { HiddenSize = hiddenSize, InputSize = 10, OutputSize = 5 },
            Data = spec.Data with { BatchSize = trainers, Source = new AverageSource { Sequences = trainers, SequenceLength = steps } },
            Tbptt = new() { ChunkLength = 1 },
            Checkpoint = new() { EverySeconds = 3600 },
        };
    }
}
