using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Torch;
using Orleans.Tbptt.Training.Torch.Native;
using TorchSharp;

namespace Orleans.Tbptt.Tests.Training;

/// <summary>Tests that count all tensors of the process: nothing else may run at the same time.</summary>
[Slow, CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CountingTensors
{
    public const string Name = "counting tensors";
}

[Collection(CountingTensors.Name)]
public sealed class NativeMemoryTests(ITestOutputHelper output)
{
    /// <summary>The average example of the README's size, and an evaluation after each epoch of 300 steps.</summary>
    private static readonly RunSpec Average = new()
    {
        Name = "average",
        Engine = new AutoEngine(),
        Model = new() { Cell = new LstmCell(), HiddenSize = 20 },
        Data = new() { Source = new AverageSource { Sequences = 330, SequenceLength = 100 }, BatchSize = 10,
            ValidationFraction = 1.0 / 11 },
        Tbptt = new() { ChunkLength = 10 },
        Train = new() { Epochs = 67, Loss = new SquaredError(), Optimizer = new Adam { Lr = 1e-3 } },
    };

    [Fact]
    public void LiveTensors_StayTheSame_OverTwentyThousandSteps()
    {
        long atFirst = Begin();
        using var prepared = PreparedRun.Prepare(Average);
        var trainer = new SingleProcessTrainer(prepared.Spec, prepared.Data, () =>
            new TorchReplica(prepared.Spec.Model, new SquaredError(), torch.CPU));
        long afterWarmUp = 0, steps = 0, peakAfterWarmUp = 0;

        Assert.Null(trainer.Train(_ =>
        {
            steps++;
            if (steps == 100)
                (afterWarmUp, peakAfterWarmUp) = (torch.Tensor.TotalCount, torch.Tensor.PeakCount);
            if (steps % 1000 == 0)
                Assert.Equal(afterWarmUp, torch.Tensor.TotalCount);
        }));

        output.WriteLine($"{afterWarmUp - atFirst} tensors live between steps, {peakAfterWarmUp - atFirst} at most within one");
        Assert.True(steps >= 20_000, $"{steps} steps");
        Assert.Equal(peakAfterWarmUp, torch.Tensor.PeakCount);
        trainer.Dispose();
        long atLast = torch.Tensor.TotalCount;
        Assert.Equal(atFirst + KeptByCounter(replicas: 1), atLast);
    }

    /// <summary>Every path there is: embedding, layers with dropout, segments, idle lanes, evaluation, another cell.</summary>
    [Theory]
    [InlineData("lstm")]
    [InlineData("gru")]
    [InlineData("rnn")]
    public void LiveTensors_StayTheSame_OnEveryPath(string cell)
    {
        long atFirst = Begin();
        var spec = Average with
        {
            Model = new() { Cell = TestChoices.Cell(cell), HiddenSize = 6, Layers = 2, Dropout = 0.3, OutputSize = 5,
                Embedding = new() { Vocabulary = 7, Size = 3 } },
            Data = Average.Data with { BatchSize = 6 },
            Train = Average.Train with { Trainers = 2, Epochs = 20, Loss = new CrossEntropy() },
        };
        using var data = new FormulaData(new(0, 7, 0, 5), new Draws(91).Ints(20, 1, 30), [12, 7, 3]);
        var trainer = new SingleProcessTrainer(spec, data, () => new TorchReplica(spec.Model, spec.Train.Loss, torch.CPU));
        var counts = new List<long>();

        Assert.Null(trainer.Train(onEpoch: (_, _, _) => counts.Add(torch.Tensor.TotalCount)));

        Assert.Single(counts.Distinct());
        trainer.Dispose();
        long atLast = torch.Tensor.TotalCount;
        Assert.Equal(atFirst + KeptByCounter(replicas: 2), atLast);
    }

    /// <summary>
    /// TorchSharp never counts off the tensor whose handle a new <c>Parameter</c> takes over, which leaves nothing behind but the number.
    /// A replica's head, an <c>nn.Linear</c>, makes its parameters so: what one of those costs is taken from one alone.
    /// </summary>
    private static long KeptByCounter(int replicas)
    {
        long before = torch.Tensor.TotalCount;
        torch.nn.Linear(2, 2).Dispose();
        return replicas * (torch.Tensor.TotalCount - before);
    }

    /// <summary>
    /// The live tensors once those that earlier tests did not dispose of are finalised, which would otherwise happen while these tests
    /// count.
    /// </summary>
    private static long Begin()
    {
        NativeBackend.Initialize();
        return LiveTensors.Count();
    }
}
