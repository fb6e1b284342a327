using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Training;

/// <summary>Whole runs by how far the gradient of a step reaches back.</summary>
public sealed class BackpropTests
{
    private static readonly int[] Lengths = [31, 4, 22, 17, 5, 11, 30, 2, 19];

    [Theory]
    [InlineData("lstm", 2, 1)]
    [InlineData("lstm", 2, 3)]
    [InlineData("gru", 1, 2)]
    public void Full_GivesTheSameModel_WhateverTheChunkLength(string cell, int layers, int trainers)
    {
        var whole = Train(Full(cell, layers, trainers, 1000));

        foreach (int length in new[] { 1, 7, 10, 30 })
        {
            var pieces = Train(Full(cell, layers, trainers, length));
            Bits.Same(whole.Parameters, pieces.Parameters);
            Bits.Same(whole.Hidden, pieces.Hidden);
            Bits.Same(whole.Losses, pieces.Losses);
        }
    }

    /// <summary>
    /// Chunks as long as the longest sequence are the same steps, whose sums run in another order: some roundings of 6e-8, through four
    /// steps of Adam, which divides by the gradient's size.
    /// </summary>
    [Theory]
    [InlineData("fused")]
    [InlineData("torch")]
    public void Full_IsTruncationInOneChunk_WithinRounding(string engine)
    {
        var spec = Full("lstm", 2, 2, 8).OnEngine(engine);
        var chunk = spec with { Tbptt = new() { ChunkLength = 31 } };

        var (full, truncated) = (Train(spec), Train(chunk));

        Assert.InRange(Differences.Largest(Differences.Doubles(truncated.Parameters), full.Parameters), 0, 1e-4);
        Assert.All(truncated.Losses.Zip(full.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * pair.First));
    }

    [Fact]
    public void Full_TakesAStepForEachSequenceOfALane_AndEvaluatesInChunksOfItsOwn()
    {
        using var data = new FormulaData(new(3, 0, 2, 0), Lengths, [700]);
        var plans = new EpochPlans(Full("lstm", 1, 1, 10), data);

        // Of nine sequences each of three lanes has three.
        Assert.Equal(3, plans.Training(0).Steps);
        Assert.Equal(new(0, 0, 31, Reset: true), plans.Training(0)[0, 0]);
        Assert.Equal(3, plans.HeldOut(HeldOutPart.Validation)!.Steps);
    }

    private static RunSpec Full(string cell, int layers, int trainers, int chunkLength)
    {
        var spec = TestSpecs.Average(trainers, layers, dropout: layers > 1 ? 0.3 : 0);
        return spec with
        {
            Model = spec.Model with { Cell = TestChoices.Cell(cell), InputSize = 3, OutputSize = 2 },
            Data = spec.Data with { BatchSize = 3 },
            Tbptt = new() { ChunkLength = chunkLength, Backprop = new FullBackprop() },
        };
    }

    private static (float[] Parameters, float[] Hidden, double[] Losses) Train(RunSpec spec)
    {
        using var data = new FormulaData(new(3, 0, 2, 0), Lengths, [40, 9]);
        using var trainer = new SingleProcessTrainer(spec, data, () => Engine.Open(spec, DeviceName.Cpu));
        var losses = new List<double>();
        Assert.Null(trainer.Train(
            step => losses.AddRange([step.Loss, step.GradientNorm]), (_, loss, held) => losses.AddRange([loss, held!.Value])));
        return (trainer.State.Parameters, trainer.State.Hidden, [.. losses]);
    }
}
