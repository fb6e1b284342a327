using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Grains.Hosting;

/// <summary>Counts what the whole process holds, and so must run while no other test does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(Alone))]
public sealed class AfterTheRunTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    /// <summary>
    /// TorchSharp's counter never takes off the tensor that a <c>Parameter</c> of TorchSharp's modules was made from: weight and bias of
    /// the head.
    /// </summary>
    private const int CountedTwice = 2;

    [Theory]
    [InlineData("fused", 0)]
    [InlineData("torch", CountedTwice)]
    public async Task NothingIsLeft_AfterManyRuns(string engine, int tensors)
    {
        const int Runs = 8;
        fixture.Calls.Reset();
        var spec = TestSpecs.Average(trainers: 2, layers: 2, dropout: 0.2, epochs: 1, validationFraction: 0.2).OnEngine(engine);
        await Gone(await fixture.Silos.Train(spec));
        long before = LiveTensors.Count();

        for (int i = 0; i < Runs; i++)
            await Gone(await fixture.Silos.Train(spec));

        Assert.Equal(before + Runs * spec.Train.Trainers * tensors, LiveTensors.Count());
        Assert.Empty(Workers());
        var left = await fixture.Silos.Grains.GetGrain<IManagementGrain>(0)
            .GetDetailedGrainStatistics(null, null, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(left, grain => grain.GrainType.Contains("TrainerGrain"));
    }

    [Fact]
    public async Task DataAreOpen_WhileTheRunContinues_AndClosedAfterIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks into /proc");
        using var directory = new TemporaryDirectory();
        string text = directory.File("text.txt");
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Range(0, 2000)), TestContext.Current.CancellationToken);
        var spec = TestSpecs.Average(trainers: 2, epochs: 1);
        spec = spec with
        {
            Model = spec.Model with { InputSize = null, OutputSize = null, Embedding = new() { Size = 6 } },
            Data = new() { Source = new ByteSource { Glob = directory.File("*.txt") }, BatchSize = 6 },
            Tbptt = new() { ChunkLength = 100 },
            Train = spec.Train with { Loss = new CrossEntropy() },
        };
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 5));
        var run = await fixture.Silos.Submit(spec);
        await halt.Reached;
        Assert.Contains(text, ThisProcess.OpenFiles());
        Assert.NotEmpty(Workers());

        halt.Continue();
        var finished = await fixture.Silos.Watch(run);
        Assert.Equal(RunState.Completed, finished.End.State);
        await Gone(finished);

        Assert.DoesNotContain(text, ThisProcess.OpenFiles());
        Assert.DoesNotContain(ThisProcess.OpenFiles(), path => path.StartsWith(finished.Directory.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Coordinator_StaysWhileItTrains_AndMayGoAfterwards()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 3));
        var run = await fixture.Silos.Submit(TestSpecs.Average(trainers: 2));
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        var management = fixture.Silos.Grains.GetGrain<IManagementGrain>(0);
        await halt.Reached;

        await management.ForceActivationCollection(TimeSpan.Zero, TestContext.Current.CancellationToken);
        Assert.Equal(RunState.Running, (await coordinator.GetStatus()).State);
        halt.Continue();
        var finished = await fixture.Silos.Watch(run);
        Assert.Equal(RunState.Completed, finished.End.State);
        await coordinator.StopRun("returns when the run has ended");
        await management.ForceActivationCollection(TimeSpan.Zero, TestContext.Current.CancellationToken);
        await fixture.Silos.Cluster.WaitForDeactivationAsync(coordinator)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(RunState.Completed, (await coordinator.GetStatus()).State);
    }

    [Fact]
    public async Task Trainers_AreReleased_WhenTheRunFails()
    {
        fixture.Calls.Reset();
        fixture.Calls.Instead = call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 1) ? new TrainerFault("broken") : null;

        var run = await fixture.Silos.Train(TestSpecs.Average(trainers: 3));

        Assert.Equal(RunState.Failed, run.End.State);
        await Gone(run);
    }

    private static List<string> Workers() =>
        [.. ThisProcess.ThreadNames()
            .Where(name => name.StartsWith("trainer ", StringComparison.Ordinal)
                || name.StartsWith("coordinator ", StringComparison.Ordinal))];

    /// <summary>Waits until a run's trainers are gone, and fails when they do not go.</summary>
    private async Task Gone(FinishedRun run)
    {
        foreach (var trainer in run.Status.Trainers)
        {
            await fixture.Silos.Cluster.WaitForDeactivationAsync(fixture.Silos.Grains.GetGrain<ITrainerGrain>(trainer.Index, run.Status.Id))
                .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }

        Assert.True(SpinWait.SpinUntil(() => Workers().Count == 0, TimeSpan.FromSeconds(30)),
            $"threads are left: {string.Join(", ", Workers())}");
    }
}
