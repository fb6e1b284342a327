using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Losses;
using NpyWriter = Orleans.Tbptt.Tests.Support.NpyWriter;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>Runs of a bidirectional network, whose steps take whole sequences and carry no state.</summary>
[Slow]
public sealed class BidirectionalRunTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = Of(TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 3, validationFraction: 0.2));

    [Theory]
    [InlineData(nameof(ITrainerGrain.TrainChunk), 4)]
    [InlineData(nameof(ITrainerGrain.EvaluateChunk), 0)]
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

    /// <summary>Labels of sequences of unlike lengths, evaluated after each epoch.</summary>
    [Fact]
    public async Task LabelSequences_GiveTheBitsOfTheSingleProcess()
    {
        fixture.Calls.Reset();
        using var directory = new TemporaryDirectory();
        string[] files = [.. ((string[])["x.npy", "y.npy", "lengths.npy"]).Select(name => Path.Combine(directory.Path, name))];
        var draws = new Draws(3);
        NpyWriter.Write(files[0], draws.Floats(18 * 25 * 6), 18, 25, 6);
        NpyWriter.Write(files[1], [.. draws.Ints(18 * 3, 1, 4).Select((one, i) => i % 5 == 2 ? -100L : one)], 18, 3);
        NpyWriter.Write(files[2], [.. draws.Ints(18, 7, 25).Select(one => (long)one)], 18);
        var spec = Spec with
        {
            Model = Spec.Model with { OutputSize = null }, Data = Spec.Data with { Source = new NpySource { Files = files } },
            Train = Spec.Train with { Loss = new Ctc() },
        };

        var run = await fixture.Silos.Train(spec);

        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Equal(
            ["validation label error rate", "validation sequence error rate"],
            run.Status.Metrics.Where(metric => metric.Kind == MetricKind.Validation).Select(metric => metric.Name));
    }

    private static RunSpec Of(RunSpec spec) => spec with
    {
        Model = spec.Model with { Bidirectional = true }, Data = spec.Data with { Shuffle = true },
        Tbptt = new() { ChunkLength = 10, Backprop = new FullBackprop() },
    };
}
