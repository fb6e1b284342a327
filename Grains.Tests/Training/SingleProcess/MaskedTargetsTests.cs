using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Custom;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;
using Orleans.Tbptt.Training.Torch.Custom;
using Orleans.Tbptt.Training.Torch.Native;

namespace Orleans.Tbptt.Tests.Training.SingleProcess;

public sealed class MaskedTargetsTests
{
    [Theory]
    [InlineData("fused", false)]
    [InlineData("fused", true)]
    [InlineData("torch", false)]
    [InlineData("torch", true)]
    public void MaskedElements_AreOutOfLossAndWeight_ForAnyNumberOfTrainers(string engine, bool classes)
    {
        DataShape shape = classes ? new(3, 0, 0, 4) { IsMasked = true } : new(3, 0, 2, 0) { IsMasked = true };
        var spec = Spec(classes).OnEngine(engine);
        var alone = Train(spec, shape);
        foreach (int trainers in new[] { 2, 3, 6 })
        {
            var split = Train(spec with { Train = spec.Train with { Trainers = trainers } }, shape);

            Assert.Equal(alone.Weight, split.Weight);
            Assert.All(alone.Losses.Zip(split.Losses), pair => Assert.Equal(pair.First, pair.Second, 5e-6 * pair.First));
            Assert.InRange(Differences.Largest(Differences.Doubles(alone.State.Parameters), split.State.Parameters), 0, 5e-6);
        }

        using var data = new FormulaData(shape, Lengths);
        Assert.Equal(Kept(data.Training, shape), alone.Weight);
    }

    [Theory]
    [InlineData("fused", false)]
    [InlineData("torch", false)]
    [InlineData("fused", true)]
    public void StepWithoutTargets_LeavesParametersAndOptimizer_AndCarriesTheHiddenState(string engine, bool rounds)
    {
        var spec = Spec(false).OnEngine(engine);
        spec = spec with { Train = spec.Train with { Optimizer = new Adam { Lr = 1e-2 } } };
        using var data = new LastStepData(new(3, 0, 2, 0) { IsMasked = true }, 6, 10);
        using var trainer = Trainer(rounds ? spec.InRounds(1) : spec, data);
        float[] before = [.. trainer.State.Parameters];
        List<StepOutcome.Committed> steps = [];

        var first = rounds ? trainer.TrainRound(new(0, 0, 0), 1) : trainer.TrainStep(new(0, 0, 0));
        steps.AddRange(first is StepOutcome.Round round ? round.Steps : [Assert.IsType<StepOutcome.Committed>(first)]);

        Assert.Equal((0.0, double.NaN), (steps[0].Weight, steps[0].Loss));
        Bits.Same(before, trainer.State.Parameters);
        Assert.Equal(0, rounds ? trainer.State.TrainerOptimizers[0].Count : trainer.State.Optimizer.Count);
        Assert.Contains(trainer.State.Hidden, value => value != 0);

        var second = rounds ? trainer.TrainRound(new(1, 0, 1), 1) : trainer.TrainStep(new(1, 0, 1));
        var committed = second is StepOutcome.Round next ? next.Steps[0] : Assert.IsType<StepOutcome.Committed>(second);

        Assert.Equal(6 * 2, committed.Weight);
        Assert.True(double.IsFinite(committed.Loss));
        Assert.NotEqual(before, trainer.State.Parameters);
        Assert.Equal(committed.Loss, trainer.State.FinishEpoch(), 1e-12);
    }

    [Theory]
    [InlineData("fused")]
    [InlineData("torch")]
    public void LossOfAProgram_LeavesMaskedElementsOut(string engine)
    {
        var shape = new DataShape(3, 0, 1, 0) { IsMasked = true };
        LossSpec own = engine == "fused"
            ? new CustomLoss("own", (output, target) => ((output - target) * (output - target), 2 * (output - target)))
            : new ModuleLoss("own", (outputs, targets) => (outputs - targets).pow(2).sum(), ofClasses: false);
        var spec = Spec(false).OnEngine(engine);
        spec = spec with { Model = spec.Model with { OutputSize = 1 } };

        var expected = Train(spec, shape);
        var found = Train(spec with { Train = spec.Train with { Loss = own } }, shape);

        Assert.All(expected.Losses.Zip(found.Losses), pair => Assert.Equal(pair.First, pair.Second, 5e-6 * pair.First));
    }

    /// <summary>Two outputs a row, of which one may be masked: a module's loss sees rows.</summary>
    [Fact]
    public void ModulesLoss_OfRowsMaskedInPart_IsRefused()
    {
        var own = new ModuleLoss("own", (outputs, targets) => (outputs - targets).pow(2).sum(), ofClasses: false);
        var spec = Spec(false).OnEngine("torch");

        var refused = Assert.Throws<NotSupportedException>(
            () => Train(spec with { Train = spec.Train with { Loss = own } }, new(3, 0, 2, 0) { IsMasked = true }));

        Assert.StartsWith("loss custom/own takes rows, and some rows are masked in part", refused.Message, StringComparison.Ordinal);
    }

    private static readonly int[] Lengths = new Draws(82).Ints(30, 1, 20);

    private static double Kept(ISequenceSet set, DataShape shape)
    {
        double kept = 0;
        for (int i = 0; i < set.Count; i++)
        {
            var slice = new SequenceSlice(i, 0, set.Length(i));
            var (classes, values) = (new long[slice.Length], new float[slice.Length * shape.TargetFeatures]);
            if (shape.HasClasses)
                set.ReadTargets(slice, classes);
            else
                set.ReadTargets(slice, values);
            kept += shape.HasClasses ? classes.Count(one => one >= 0) : values.Count(one => !float.IsNaN(one));
        }

        return kept;
    }

    private static (List<double> Losses, double Weight, TrainingState State) Train(RunSpec spec, DataShape shape)
    {
        using var data = new FormulaData(shape, Lengths);
        using var trainer = Trainer(spec, data);
        List<double> losses = [];
        double weight = 0, lossSum = 0;
        Assert.Null(trainer.Train(
            step =>
            {
                Assert.Equal(step.Weight == 0, double.IsNaN(step.Loss));
                if (step.Weight == 0)
                    return;
                losses.Add(step.Loss);
                (weight, lossSum) = (weight + step.Weight, lossSum + step.Loss * step.Weight);
            },
            (_, loss, _) => Assert.Equal(lossSum / weight, loss, 1e-9)));
        return (losses, weight, trainer.State);
    }

    private static SingleProcessTrainer Trainer(RunSpec spec, IDataSource data)
    {
        NativeBackend.Initialize();
        return new(spec, data, () => Engine.Open(spec, DeviceName.Cpu));
    }

    private static RunSpec Spec(bool classes)
    {
        var spec = TestSpecs.Average(trainers: 1, layers: 1, epochs: 1);
        return spec with
        {
            Tbptt = new() { ChunkLength = 5 },
            Model = spec.Model with { Cell = new LstmCell(), InputSize = 3, OutputSize = classes ? 4 : 2 },
            Train = spec.Train with
            {
                Loss = classes ? new CrossEntropy() : new SquaredError(), Optimizer = new Sgd { Lr = 0.1, Momentum = 0.5 },
            },
        };
    }

    /// <summary>Equal sequences whose last time step alone has a target.</summary>
    private sealed class LastStepData(DataShape shape, int count, int length) : IDataSource, ISequenceSet
    {
        private readonly FormulaSequences _all = new(shape with { IsMasked = false }, [.. Enumerable.Repeat(length, count)], 5);

        public DataShape Shape => shape;

        public ISequenceSet Training => this;

        public ISequenceSet? Validation => null;

        public int Count => count;

        public int Length(int sequence) => length;

        public void ReadInputs(SequenceSlice slice, Span<float> destination) => _all.ReadInputs(slice, destination);

        public void ReadInputs(SequenceSlice slice, Span<long> destination) => _all.ReadInputs(slice, destination);

        public void ReadTargets(SequenceSlice slice, Span<long> destination) => _all.ReadTargets(slice, destination);

        public void ReadTargets(SequenceSlice slice, Span<float> destination)
        {
            _all.ReadTargets(slice, destination);
            int kept = Math.Max(0, slice.Start + slice.Length - (length - 1));
            destination[..^(kept * shape.TargetFeatures)].Fill(float.NaN);
        }

        public void Dispose()
        {
        }
    }
}
