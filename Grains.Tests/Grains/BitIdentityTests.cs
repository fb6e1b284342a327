using System.Security.Cryptography;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains;

[Slow]
public sealed class BitIdentityTests
{
    [Theory]
    [InlineData("fused", 0.0)]
    [InlineData("fused", 0.3)]
    [InlineData("torch", 0.0)]
    [InlineData("torch", 0.3)]
    public async Task Run_GivesTheSameBits_OnOneSiloOnThreeAndWithoutGrains(string engine, double dropout) =>
        await GivesTheSameBits(TestSpecs.Average(trainers: 4, layers: 2, dropout, validationFraction: 0.2).OnEngine(engine),
            steps: 1);

    [Theory]
    [InlineData("fused", 1)]
    [InlineData("fused", 2)]
    [InlineData("fused", 4)]
    [InlineData("torch", 4)]
    public async Task Rounds_GiveTheSameBits_OnOneSiloOnThreeAndWithoutGrains(string engine, int trainers) => await GivesTheSameBits(
        TestSpecs.Average(trainers, layers: 2, dropout: 0.3, validationFraction: 0.2).OnEngine(engine).InRounds(4), steps: 4);

    [Theory]
    [InlineData("fused", false)]
    [InlineData("fused", true)]
    [InlineData("torch", false)]
    public async Task Run_GivesTheSameBits_HoweverManyTrainersWorkOnItsShards(string engine, bool isNarrow)
    {
        var spec = TestSpecs.Average(layers: 2, dropout: 0.3, validationFraction: 0.2).OnEngine(engine);
        await GivesTheSameBits(spec with
        {
            Data = spec.Data with { BatchSize = 11, Source = new AverageSource { Sequences = 31, SequenceLength = 25 } },
            Train = spec.Train with { Shards = 8, Wire = isNarrow ? WireKind.Bfloat16 : WireKind.Full },
        });
    }

    [Fact]
    public async Task Rounds_GiveTheSameBits_HoweverManyTrainersWorkOnTheShards()
    {
        var spec = TestSpecs.Average(layers: 2, dropout: 0.3, validationFraction: 0.2).InRounds(4);
        await GivesTheSameBits(spec with { Train = spec.Train with { Shards = 6 } });
    }

    /// <summary>One, two, three and as many trainers as shards, on two silos, against the single-process trainer.</summary>
    private static async Task GivesTheSameBits(RunSpec spec)
    {
        await using var silos = await TestSilos.Start(2);
        var oracle = Oracle.Of(spec);
        List<string> files = [];
        foreach (int trainers in (int[])[1, 2, 3, spec.Train.ShardCount])
        {
            var run = await silos.Train(spec with { Train = spec.Train with { Trainers = trainers } });

            RunAssert.SameBits(oracle, run);
            Assert.Equal((trainers, spec.Train.ShardCount), (run.Status.Trainers.Count, run.Status.Shards));
            foreach (string file in (string[])[run.Directory.Model, run.Directory.Hidden])
                files.Add(Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken))));
        }

        // To the byte: nothing in the files says how many trainers there were.
        Assert.Equal(2, files.Distinct().Count());
    }

    private static async Task GivesTheSameBits(RunSpec spec, int steps)
    {
        var delays = new DelayedReplies(seed: 7);
        await using var one = await TestSilos.Start(1);
        await using var three = await TestSilos.Start(3, silo => silo.AddIncomingGrainCallFilter(delays));

        var oracle = Oracle.Of(spec);
        var runs = new[] { await one.Train(spec), await three.Train(spec) };

        int trainers = spec.Train.Trainers;
        Assert.Equal(Math.Min(3, trainers), runs[1].Status.Trainers.Select(trainer => trainer.Silo).Distinct().Count());
        Assert.True(delays.Count >= trainers * oracle.Steps.Count / steps, $"{delays.Count} replies were held back");
        foreach (var run in runs)
            RunAssert.SameBits(oracle, run);
        Assert.Equal(
            SafetensorsFile.ReadHeader(runs[0].Directory.Hidden).Tensors.Select(tensor => tensor.Name),
            SafetensorsFile.ReadHeader(runs[1].Directory.Hidden).Tensors.Select(tensor => tensor.Name));
    }
}
