using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Optimizers;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Rounds;

public sealed class RoundTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(0.5)]
    public void RoundsOfOneStep_WithPlainGradientDescent_AreTheExactMode_WithinRounding(double? clipNorm)
    {
        var plain = Spec(trainers: 1, new Sgd { Lr = 0.1 }, clipNorm);
        var exact = Train(plain, Uneven());

        var local = Train(plain.InRounds(1, lr: 1, momentum: 0), Uneven());

        // The difference is taken, multiplied and divided: some roundings of 6e-8 of an update of 0.1 a step.
        Assert.Equal(exact.Steps.Count, local.Steps.Count);
        Assert.All(exact.Steps.Zip(local.Steps), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 5e-6 * pair.First.Loss));
        Assert.All(exact.Steps.Zip(local.Steps), pair => Assert.Equal(pair.First.Weight, pair.Second.Weight));
        Assert.InRange(Differences.Largest(Differences.Doubles(exact.State.Parameters), local.State.Parameters), 0, 5e-6);
        Assert.InRange(Differences.Largest(Differences.Doubles(exact.State.Hidden), local.State.Hidden), 0, 5e-6);
    }

    [Fact]
    public void Rounds_OfOneTrainer_WithoutAnOuterMomentum_AreTheExactMode_WithItsOptimizer()
    {
        var adam = Spec(trainers: 1, new Adam { Lr = 1e-2 }, clipNorm: 0.5);
        var exact = Train(adam, Uneven());

        var local = Train(adam.InRounds(4, lr: 1, momentum: 0), Uneven());

        // Taking a mean of one changes nothing, and the inner optimizer is carried over rounds: were it begun anew, the losses would part
        // by percents.
        Assert.All(exact.Steps.Zip(local.Steps), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-4 * pair.First.Loss));
        Assert.Equal(exact.State.Step, local.State.TrainerOptimizers[0].Count);
    }

    /// <summary>Three rounds of two trainers, step by step in double precision against the trainers' own shares.</summary>
    [Fact]
    public void Rounds_AreThoseOfThePaper()
    {
        const int Chunks = 3, Rounds = 3;
        var optimizer = new Sgd { Lr = 0.1, Momentum = 0.5 };
        var spec = Spec(trainers: 2, optimizer, clipNorm: 0.3).InRounds(Chunks, lr: 0.6, momentum: 0.8);
        using var data = Uneven();
        using var trainer = Trainer(spec, data);
        float[] parameters = trainer.State.Parameters.ToArray();
        double[] velocity = new double[parameters.Length];
        var shards = Enumerable.Range(0, 2).Select(index =>
            new TrainerShards(spec, data, [new(3 * index, 3)], Engine.Open(spec, DeviceName.Cpu))).ToArray();
        TextbookOptimizer?[] inner = [null, null];

        for (int round = 0; round < Rounds; round++)
        {
            double[] difference = new double[parameters.Length];
            double elements = 0;
            for (int index = 0; index < 2; index++)
            {
                var own = inner[index] ??= new(optimizer, parameters);
                parameters.CopyTo(own.Parameters, 0);
                double worked = 0;
                for (int i = 0; i < Chunks; i++)
                {
                    int step = (round * Chunks) + i;
                    float[] gradient = new float[parameters.Length];
                    var (_, weight) = shards[index]
                        .TrainChunk(new(step, 0, step), [.. own.Parameters.Select(value => (float)value)], gradient)[0];
                    double norm = Math.Sqrt(gradient.Sum(value => value / weight * (value / weight)));
                    double factor = Math.Min(1, 0.3 / (norm + 1e-6));
                    own.Step([.. gradient.Select(value => (float)(value / weight * factor))], 0.1);
                    worked += weight;
                }

                for (int i = 0; i < difference.Length; i++)
                    difference[i] += worked * (parameters[i] - own.Parameters[i]);
                elements += worked;
            }

            for (int i = 0; i < parameters.Length; i++)
            {
                double gradient = difference[i] / elements;
                velocity[i] = 0.8 * velocity[i] + gradient;
                parameters[i] = (float)(parameters[i] - 0.6 * (gradient + 0.8 * velocity[i]));
            }

            Assert.IsType<StepOutcome.Round>(trainer.TrainRound(new(round * Chunks, 0, round * Chunks), Chunks));
            Assert.InRange(Differences.Largest(Differences.Doubles(parameters), trainer.State.Parameters), 0, 2e-6);
        }

        foreach (var shard in shards)
            shard.Dispose();
    }

    [Fact]
    public void Rounds_EndWithTheEpoch_AndReportEveryStep()
    {
        using var trainer =
            Trainer(Spec(2, new Sgd { Lr = 0.1 }, null).InRounds(4), new FormulaData(new(3, 0, 2, 0), [20, 20, 20, 20, 20, 20, 9, 8]));
        List<StepOutcome.Committed> steps = [];
        List<long> epochs = [];

        trainer.Train(steps.Add, (_, _, _) => epochs.Add(trainer.State.Step));

        // Six lanes of four chunks each, two of them with two more: rounds of 4 and 2 steps.
        Assert.Equal([6L, 12L], epochs);
        Assert.Equal([3, 5, 9, 11], steps.Index().Where(step => step.Item.DifferenceNorm is not null).Select(step => step.Index));
        Assert.All(steps, step => Assert.True(double.IsNaN(step.GradientNorm)));
        Assert.All(steps, step => Assert.Equal(0.1, step.LearningRate));
        Assert.Equal(4L, trainer.State.Optimizer.Count);

        // The second trainer's lanes have nothing to do after the fourth step, and their optimizer makes no update.
        Assert.Equal([12L, 8L], trainer.State.TrainerOptimizers.Select(inner => inner.Count));
    }

    [Fact]
    public void Run_EndsBeforeTheUpdate_NamingStepAndTrainer_WhenALocalStepIsNotFinite()
    {
        var spec = Spec(2, new Sgd { Lr = 1e38 }, null).InRounds(5);
        using var trainer = Trainer(spec, Uneven());
        float[] before = trainer.State.Parameters.ToArray();

        var end = trainer.Train();

        Assert.Matches(@"^step [1-5], shard 0: .*(the largest gradient is .+ at .+\[.+\]|the parameter .+ is )", end?.Message);
        Assert.Equal(0, trainer.State.Step);
        Bits.Same(before, trainer.State.Parameters);
    }

    private static SingleProcessTrainer Trainer(RunSpec spec, FormulaData data) => new(spec, data, () => Engine.Open(spec, DeviceName.Cpu));

    private sealed record Outcome(List<StepOutcome.Committed> Steps, TrainingState State);

    private static Outcome Train(RunSpec spec, FormulaData data)
    {
        using var trainer = Trainer(spec, data);
        List<StepOutcome.Committed> steps = [];
        Assert.Null(trainer.Train(steps.Add));
        return new(steps, trainer.State);
    }

    private static FormulaData Uneven() => new(new(3, 0, 2, 0), new Draws(82).Ints(30, 1, 20));

    private static RunSpec Spec(int trainers, OptimizerSpec optimizer, double? clipNorm)
    {
        var spec = TestSpecs.Average(trainers, layers: 2);
        return spec with
        {
            Tbptt = new() { ChunkLength = 5 },
            Model = spec.Model with { InputSize = 3, OutputSize = 2 },
            Train = spec.Train with { Optimizer = optimizer, ClipNorm = clipNorm },
        };
    }
}
