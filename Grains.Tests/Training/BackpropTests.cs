using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training;

/// <summary>Whole runs by how far the gradient of a step reaches back.</summary>
public sealed class BackpropTests(ITestOutputHelper output)
{
    private static readonly int[] Lengths = [31, 4, 22, 17, 5, 11, 30, 2, 19];

    [Theory]
    [InlineData("lstm", 2, 1)]
    [InlineData("lstm", 2, 3)]
    [InlineData("gru", 1, 2)]
    [InlineData("{name: lstm, projectionSize: 2}", 2, 2, true)]
    public void Full_GivesTheSameModel_WhateverTheChunkLength(string cell, int layers, int trainers, bool learnsStart = false)
    {
        var whole = Train(Full(cell, layers, trainers, 1000, learnsStart));

        foreach (int length in new[] { 1, 7, 10, 30 })
        {
            var pieces = Train(Full(cell, layers, trainers, length, learnsStart));
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
    [InlineData("fused", false)]
    [InlineData("fused", true)]
    [InlineData("torch", false)]
    [InlineData("torch", true)]
    public void Full_IsTruncationInOneChunk_WithinRounding(string engine, bool learnsStart)
    {
        var spec = Full("lstm", 2, 2, 8, learnsStart).OnEngine(engine);
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

    /// <summary>
    /// Of a window over all chunks the gradient is that of the newest chunk's loss through the whole sequence, the step's parameters
    /// being those of all its steps: with a learning rate of next to nothing it is the whole gradient, chunk by chunk.
    /// </summary>
    [Theory]
    [InlineData("fused")]
    [InlineData("torch")]
    public void Window_OverTheWholeSequence_AddsUpToTheFullGradient(string engine)
    {
        const double Lr = 1e-3;
        RunSpec Spec(BackpropSpec backprop) => Plain(engine, Lr) with { Tbptt = new() { ChunkLength = 10, Backprop = backprop } };
        var (window, full, chunk) = (Moved(Spec(new WindowBackprop { Length = 40 })), Moved(Spec(new FullBackprop())),
            Moved(Spec(new ChunkBackprop())));

        // Four steps of the mean over 10 time steps each are four times the step of the mean over 40. Parameters move by up to 6e-5 in
        // between, which changes the gradient by up to some hundredths of its largest element.
        double error = full.Zip(window).Max(pair => Math.Abs((4 * pair.First) - pair.Second)), largest = full.Max(Math.Abs);
        double ofChunks = full.Zip(chunk).Max(pair => Math.Abs((4 * pair.First) - pair.Second));
        output.WriteLine($"largest {largest:e2}, error {error:e2}, without the window {ofChunks:e2}");
        Assert.InRange(error, 0, 0.05 * largest);
        Assert.True(ofChunks > 2 * error);

        double[] Moved(RunSpec spec)
        {
            using var data = new FormulaData(new(3, 0, 2, 0), [40, 40]);
            using var trainer = new SingleProcessTrainer(spec, data, () => Engine.Open(spec, DeviceName.Cpu));
            float[] before = [.. trainer.State.Parameters];
            Assert.Null(trainer.Train());
            return [.. before.Zip(trainer.State.Parameters, (from, to) => (double)to - from)];
        }
    }

    /// <summary>A killed trainer, or all of them moved, find the earlier states in S(n).</summary>
    [Theory]
    [InlineData("window")]
    [InlineData("full")]
    [InlineData("burn-in")]
    [InlineData("window", true)]
    [InlineData("burn-in", true)]
    public void AnyStep_IsMadeToTheBit_FromACommittedState(string kind, bool learnsStart = false)
    {
        var spec = Full("gru", 2, 3, 5, learnsStart) with
        {
            Tbptt = kind switch
            {
                "window" => new() { ChunkLength = 5, Backprop = new WindowBackprop { Length = 15 } },
                "full" => new() { ChunkLength = 5, Backprop = new FullBackprop() },
                _ => new() { ChunkLength = 5, BurnIn = 7 },
            },
        };
        using var data = new FormulaData(new(3, 0, 2, 0), Lengths);
        using var shard = Shard(spec, data);
        float[] parameters = InitialParameters.Of(spec, shard.Replica.Layout);
        if (shard.Replica.Layout.InitialState is { } first)
            new Draws(17).Floats(shard.Replica.Layout.HiddenPerLane, 0.5).CopyTo(parameters, first);
        long steps = new EpochPlans(spec, data).Training(0).Steps;
        for (long step = 0; step < steps; step++)
        {
            using var other = Shard(spec, data);
            other.Restore(step, shard.Hidden.Span);
            float[] gradient = new float[parameters.Length], again = new float[parameters.Length];

            var expected = shard.TrainChunk(new(step, 0, step), parameters, gradient)[0];

            Assert.Equal(expected, other.TrainChunk(new(step, 0, step), parameters, again)[0]);
            Bits.Same(gradient, again);
            Bits.Same(shard.Hidden.Span, other.Hidden.Span);
            Assert.Equal(3 * LaneState.PerLane(spec), shard.Hidden.Length);
        }
    }

    private static TrainerShards Shard(RunSpec spec, FormulaData data) =>
        new(spec, data, [new(0, 3)], Engine.Open(spec, DeviceName.Cpu));

    [Fact]
    public void BurnIn_LeavesTheFirstTimeStepsOfEachSequenceOut()
    {
        using var data = new FormulaData(new(3, 0, 2, 0), [23, 4], [23]);
        var spec = Full("lstm", 1, 1, 5);
        var plans = new EpochPlans(
            spec with { Data = spec.Data with { BatchSize = 2 }, Tbptt = new() { ChunkLength = 5, BurnIn = 12 } }, data);

        Assert.Equal([5, 5, 2, 0, 0], Enumerable.Range(0, 5).Select(step => plans.Training(0)[step, 0].Uncounted));
        Assert.Equal(4, plans.Training(0)[0, 1].Uncounted);
        Assert.Equal(0, plans.HeldOut(HeldOutPart.Validation)![0, 0].Uncounted);
    }

    [Fact]
    public void RandomLength_ScalesTheRateOfEachStep_AndIsTheSameForAnyNumberOfTrainers()
    {
        var spec = Plain("fused", 1e-2) with { Tbptt = new() { ChunkLength = 12, RandomLength = new() { HalfProbability = 0.5 } } };
        using var data = new FormulaData(new(3, 0, 2, 0), [90, 90]);
        var plan = new EpochPlans(spec, data).Training(0);
        var rates = new List<double>();
        float[] parameters = [];
        foreach (int trainers in new[] { 1, 2 })
        {
            rates.Clear();
            using var trainer = new SingleProcessTrainer(
                spec with { Train = spec.Train with { Trainers = trainers } }, data, () => Engine.Open(spec, DeviceName.Cpu));
            Assert.Null(trainer.Train(step => rates.Add(step.LearningRate)));

            Assert.Equal(Enumerable.Range(0, (int)plan.Steps).Select(step => 1e-2 * plan.RateFactor(step)), rates);
            Assert.True(rates.Distinct().Count() > 3);

            // The sum over two lanes is taken in another order: some roundings of 6e-8, through ten steps.
            if (parameters.Length > 0)
                Assert.InRange(Differences.Largest(Differences.Doubles(parameters), trainer.State.Parameters), 0, 5e-6);
            parameters = trainer.State.Parameters;
        }
    }

    private static RunSpec Plain(string engine, double lr)
    {
        var spec = Full("lstm", 1, 1, 10).OnEngine(engine);
        return spec with
        {
            Data = spec.Data with { BatchSize = 2 },
            Train = spec.Train with { Epochs = 1, ClipNorm = null, Optimizer = new Sgd { Lr = lr } },
        };
    }

    private static RunSpec Full(string cell, int layers, int trainers, int chunkLength, bool learnsStart = false)
    {
        var spec = TestSpecs.Average(trainers, layers, dropout: layers > 1 ? 0.3 : 0);
        return spec with
        {
            Model = spec.Model with { Cell = TestChoices.Cell(cell), InputSize = 3, OutputSize = 2, LearnInitialState = learnsStart },
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
