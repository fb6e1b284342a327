using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Steps;
using Orleans.Tbptt.Training.Torch.Native;

namespace Orleans.Tbptt.Tests.Training.SingleProcess;

public sealed class SingleProcessTrainerTests
{
    [Theory]
    [InlineData("fused", "lstm", 0.0)]
    [InlineData("fused", "lstm", 0.4)]
    [InlineData("fused", "gru", 0.4)]
    [InlineData("fused", "rnn", 0.4)]
    [InlineData("torch", "lstm", 0.0)]
    [InlineData("torch", "lstm", 0.4)]
    [InlineData("torch", "gru", 0.4)]
    [InlineData("torch", "rnn", 0.4)]
    public void AnyNumberOfTrainers_GiveTheSameModel_WithinRounding(string engine, string cell, double dropout) =>
        AssertSameModel(trainers => Spec(TestChoices.Cell(cell), trainers, dropout).OnEngine(engine));

    /// <summary>Everything that can be dropped is the same on all trainers, weights included.</summary>
    [Theory]
    [InlineData("lstm")]
    [InlineData("{name: gru, resetAfter: false}")]
    public void AnyNumberOfTrainers_DropTheSame(string cell) => AssertSameModel(trainers => Spec(TestChoices.Cell(cell), trainers, new()
    {
        Between = 0.2, Locked = true, Input = 0.1, Output = 0.2, Weight = 0.3, Zoneout = 0.1, ZoneoutCell = cell == "lstm" ? 0.2 : 0,
    }));

    private static void AssertSameModel(Func<int, RunSpec> spec)
    {
        var alone = Train(spec(1), Uneven());
        foreach (int trainers in new[] { 2, 3, 6 })
        {
            var split = Train(spec(trainers), Uneven());

            // The sum over lanes is taken in another order: some roundings of 6e-8 a step, carried through plain gradient descent, which
            // does not blow them up. Another mask for one unit, or a mean of means, costs 1e-3 and more.
            Assert.Equal(alone.Losses.Count, split.Losses.Count);
            Assert.All(alone.Losses.Zip(split.Losses), pair => Assert.Equal(pair.First, pair.Second, 5e-6 * pair.First));
            Assert.InRange(Differences.Largest(Differences.Doubles(alone.State.Parameters), split.State.Parameters), 0, 5e-6);
            Assert.InRange(Differences.Largest(Differences.Doubles(alone.State.Hidden), split.State.Hidden), 0, 5e-6);
        }
    }

    [Fact]
    public void Dropout_MakesADifference() =>
        Assert.NotEqual(Train(Spec(new LstmCell(), 1, 0), Uneven()).Losses[0], Train(Spec(new LstmCell(), 1, 0.4), Uneven()).Losses[0]);

    [Fact]
    public void StochasticRounding_IsAnotherResult_WithinThePrecisionOfBfloat16()
    {
        var spec = Spec(new LstmCell(), 2, 0);
        var (full, rounded) = (Train(spec, Uneven()), Train(spec with { Train = spec.Train with { Wire = WireKind.Bfloat16 } }, Uneven()));

        Assert.NotEqual(full.Losses[^1], rounded.Losses[^1]);

        // A few steps of a small model: the rounding of bfloat16, one part in 256, moves the loss by less than that.
        Assert.All(full.Losses.Zip(rounded.Losses), pair => Assert.Equal(pair.First, pair.Second, pair.First / 256));
    }

    /// <summary>
    /// Lane 0 has 40 time steps, lane 1 has one. A mean of means would count that one as much as all the others together.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Gradient_OfUnevenLanes_CountsEveryElementOnce(int trainers)
    {
        using var data = new FormulaData(new(3, 0, 2, 0), [40, 1]);
        var spec = Spec(new LstmCell(), trainers, 0);
        spec = spec with
        {
            Data = spec.Data with { BatchSize = 2 },
            Tbptt = new() { ChunkLength = 40 },
            Train = spec.Train with { ClipNorm = null, Optimizer = new Sgd { Lr = 1 } },
        };
        using var trainer = Trainer(spec, data);
        float[] before = trainer.State.Parameters.ToArray();
        var lanes = Enumerable.Range(0, 2).Select(lane => OneLane(spec, data, lane, before)).ToArray();

        var step = Assert.IsType<StepOutcome.Committed>(trainer.TrainStep(new(0, 0, 0)));

        Assert.Equal((lanes[0].Loss + lanes[1].Loss) / (80 + 2), step.Loss, 1e-6);
        double Moved(int i) => before[i] - trainer.State.Parameters[i];
        double wrong = 0;
        for (int i = 0; i < before.Length; i++)
        {
            // Parameters below 1/sqrt(12) and gradients below 1: roundings of 6e-8, a few.
            Assert.Equal((lanes[0].Gradient[i] + lanes[1].Gradient[i]) / (80.0 + 2), Moved(i), 1e-6);
            wrong = Math.Max(wrong, Math.Abs((lanes[0].Gradient[i] / 80.0 + lanes[1].Gradient[i] / 2.0) / 2 - Moved(i)));
        }

        Assert.True(wrong > 0.01, $"a mean of means would be off by {wrong} only");
    }

    [Fact]
    public void Evaluation_BetweenSteps_LeavesTrainingAlone()
    {
        var spec = Spec(new LstmCell(), 3, 0.4);
        using var plain = Trainer(spec, Held());
        using var evaluated = Trainer(spec, Held());
        for (int step = 0; step < 12; step++)
        {
            var expected = plain.TrainStep(new(step, 0, step));
            double? loss = evaluated.Evaluate();

            Bits.Same([loss!.Value], [evaluated.Evaluate()!.Value]);
            Assert.Equal(expected, evaluated.TrainStep(new(step, 0, step)));
            Bits.Same(plain.State.Parameters, evaluated.State.Parameters);
            Bits.Same(plain.State.Hidden, evaluated.State.Hidden);
        }

        static FormulaData Held() => new(new(3, 0, 2, 0), new Draws(81).Ints(30, 1, 20), [9, 4, 12, 7, 5, 11, 3]);
    }

    [Fact]
    public void Evaluation_IsTheMeanOverEveryElement_ForAnyNumberOfTrainers()
    {
        int[] held = [9, 4, 12, 7, 5, 11, 3];
        double Loss(int trainers, int[] sequences)
        {
            using var trainer =
                Trainer(Spec(new GruCell(), trainers, 0.4), new FormulaData(new(3, 0, 2, 0), [4, 5, 6, 7, 8, 9], sequences));
            return trainer.Evaluate()!.Value;
        }

        double alone = Loss(1, held);

        Assert.Equal(alone, Loss(2, held), 1e-6);
        Assert.Equal(alone, Loss(6, held), 1e-6);
        using var none = Trainer(Spec(new GruCell(), 1, 0), new FormulaData(new(3, 0, 2, 0), [4, 5, 6, 7, 8, 9]));
        Assert.Null(none.Evaluate());
    }

    [Theory]
    [InlineData("fused")]
    [InlineData("torch")]
    public void TwoThreadsInOneProcess_GiveTheSameBitsAsOneAlone(string engine)
    {
        RunSpec[] specs = [Spec(new LstmCell(), 2, 0.4).OnEngine(engine), Spec(new GruCell(), 3, 0.4).OnEngine(engine)];
        var alone = specs.Select(spec => Train(spec, Uneven())).ToArray();

        using var start = new Barrier(4);
        var together = new Outcome[4];
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(i => new Thread(() =>
        {
            start.SignalAndWait();
            together[i] = Train(specs[i % 2], Uneven());
        }))];
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();

        for (int i = 0; i < together.Length; i++)
        {
            Bits.Same(alone[i % 2].Losses, together[i].Losses);
            Bits.Same(alone[i % 2].State.Parameters, together[i].State.Parameters);
            Bits.Same(alone[i % 2].State.Hidden, together[i].State.Hidden);
        }
    }

    [Fact]
    public void Run_EndsWithTheOutcomeThatIsNotFinite()
    {
        var spec = Spec(new LstmCell(), 2, 0);
        using var trainer = Trainer(spec with { Train = spec.Train with { ClipNorm = null, Optimizer = new Sgd { Lr = 1e38 } } }, Uneven());
        int steps = 0;

        var end = trainer.Train(_ => steps++);

        Assert.NotNull(end);
        Assert.StartsWith($"step {steps + 1}", end.Message, StringComparison.Ordinal);
        Assert.Equal(steps, trainer.State.Step);
    }

    private sealed record Outcome(List<double> Losses, TrainingState State);

    private static Outcome Train(RunSpec spec, FormulaData data)
    {
        using var trainer = Trainer(spec, data);
        List<double> losses = [];
        Assert.Null(trainer.Train(step => losses.Add(step.Loss)));
        return new(losses, trainer.State);
    }

    private static (double Loss, float[] Gradient) OneLane(RunSpec spec, FormulaData data, int lane, float[] parameters)
    {
        using var shard = new TrainerShards(spec, data, [new(lane, 1)], Engine.Open(spec, DeviceName.Cpu));
        float[] gradient = new float[parameters.Length];
        return (shard.TrainChunk(new(0, 0, 0), parameters, gradient)[0].LossSum, gradient);
    }

    private static SingleProcessTrainer Trainer(RunSpec spec, FormulaData data)
    {
        NativeBackend.Initialize();
        return new(spec, data, () => Engine.Open(spec, DeviceName.Cpu));
    }

    private static FormulaData Uneven() => new(new(3, 0, 2, 0), new Draws(82).Ints(30, 1, 20));

    private static RunSpec Spec(CellSpec cell, int trainers, DropoutSpec dropout)
    {
        var spec = TestSpecs.Average(trainers, layers: 2);
        return spec with
        {
            Tbptt = new() { ChunkLength = 5 },
            Model = spec.Model with { Cell = cell, InputSize = 3, OutputSize = 2, Dropout = dropout },
            Train = spec.Train with { Optimizer = new Sgd { Lr = 0.1, Momentum = 0.5 } },
        };
    }
}
