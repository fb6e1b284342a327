using System.Numerics;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Optimizers;

/// <summary>
/// Loss and gradient can be finite, and the square of the gradient is not: the running average is infinite then, every update after it is
/// 0, and a run that stands still looks like one that is trained.
/// </summary>
public sealed class OverflowTests
{
    public static TheoryData<string> WithAverages { get; } = ["momentum", "adam", "adamw", "rmsprop"];

    [Theory]
    [InlineData("fused", "adam", "exp_avg_sq", 1e20f, false)]
    [InlineData("fused", "adamw", "exp_avg_sq", 1e25f, false)]
    [InlineData("fused", "rmsprop", "square_avg", 1e20f, false)]
    [InlineData("fused", "adam", "exp_avg_sq", 1e20f, true)]
    [InlineData("torch", "adam", "exp_avg_sq", 1.2e19f, false)]
    [InlineData("torch", "rmsprop", "square_avg", 1.2e19f, false)]
    [InlineData("torch", "adam", "exp_avg_sq", 1.2e19f, true)]
    public void LargeTargets_EndTheRun_NamingParameterAndRemedy(
        string engine, string optimizer, string average, float target, bool inRounds)
    {
        using var directory = new TemporaryDirectory();
        using var run = PreparedRun.Prepare(Spec(directory.Path, target, engine, optimizer, inRounds));
        using var trainer = new SingleProcessTrainer(run.Spec, run.Data, () => Engine.Open(run.Spec, DeviceName.Cpu));

        string? end = trainer.Train()?.Message;

        Assert.Matches(
            $@"^step 1(, shard 0)?: the optimizer's {average} of (rnn|head)\.\w+\[[\d, ]+\] is (∞|Infinity), because float32 cannot "
            + @"hold the square of its gradient, -?[\d.]+E\+\d+; scale the data so that targets are near 1, or set train\.clipNorm", end);
        Assert.Equal(0, trainer.State.Step);
    }

    /// <summary>What is large and can still be squared is trained on.</summary>
    [Theory]
    [InlineData("adam")]
    [InlineData("rmsprop")]
    public void TargetsThatFit_AreTrainedOn(string optimizer)
    {
        using var directory = new TemporaryDirectory();
        using var run = PreparedRun.Prepare(Spec(directory.Path, target: 1e17f, "fused", optimizer, inRounds: false));
        using var trainer = new SingleProcessTrainer(run.Spec, run.Data, () => Engine.Open(run.Spec, DeviceName.Cpu));
        float[] before = trainer.State.Parameters.ToArray();

        Assert.Null(trainer.Train());

        Assert.NotEqual(before, trainer.State.Parameters);
    }

    [Theory, MemberData(nameof(WithAverages))]
    public void Update_IsNotFinite_WhereverTheOverflowStands(string name)
    {
        for (int length = 1; length <= (2 * Vector<float>.Count) + 1; length++)
        {
            for (int at = 0; at < length; at++)
            {
                float[] parameters = new Draws(length).Floats(length), gradient = new Draws(at).Floats(length);
                var optimizer = Optimizer.Create(States.Optimizers[name], length);
                optimizer.Step(parameters, gradient, 0.1);
                Assert.True(optimizer.IsFinite);

                gradient[at] = 3e38f;
                optimizer.Step(parameters, gradient, 0.1);
                optimizer.Step(parameters, gradient, 0.1);
                Assert.False(optimizer.IsFinite);
            }
        }
    }

    [Fact]
    public void Parameter_ThatOverflows_EndsTheStep()
    {
        var spec = States.Spec("sgd");
        var state = new TrainingState(spec with { Train = spec.Train with { ClipNorm = null, Optimizer = new Sgd { Lr = 1e30 } } });
        float[] gradient = new float[state.Layout.Length];
        gradient[state.Layout.Slots[^1].Offset] = 1e9f;

        string message = Assert.IsType<StepOutcome.Diverged>(
            state.Commit([new ShardResult(gradient, new float[state.Hidden.Length], 1, 1)])).Message;

        Assert.Matches(@"^step 1: the parameter head\.bias\[0\] is -(∞|Infinity) after the update; lower train\.optimizer\.lr", message);
    }

    [Fact]
    public void OuterOptimizer_ThatOverflows_EndsTheRound()
    {
        var spec = States.Spec().InRounds(3, lr: 1e30);
        var state = new TrainingState(spec);
        var results = state.TrainerOptimizers.Select(inner => new RoundResult(
            Filled(state.Layout.Length, 1e12f), new float[state.Hidden.Length / state.TrainerOptimizers.Count], [1, 1, 1], [1, 1, 1],
            [.. inner.Names.Select(_ => (ReadOnlyMemory<float>)new float[state.Layout.Length])], 3));

        string message = Assert.IsType<StepOutcome.Diverged>(state.CommitRound([.. results])).Message;

        Assert.Matches(@"^step 3, the round's update: the parameter rnn\.weight_ih_l0\[0, 0\] is -(∞|Infinity)", message);
    }

    private static float[] Filled(int length, float value)
    {
        float[] filled = new float[length];
        Array.Fill(filled, value);
        return filled;
    }

    private static RunSpec Spec(string directory, float target, string engine, string optimizer, bool inRounds)
    {
        string inputs = Path.Combine(directory, "x.npy"), targets = Path.Combine(directory, "y.npy");
        NpyWriter.Write(inputs, new Draws(1).Floats(2 * 4 * 2), 2, 4, 2);
        NpyWriter.Write(targets, Filled(2 * 4, target), 2, 4, 1);
        var spec = TestSpecs.Average(trainers: 2, epochs: 2);
        spec = spec with
        {
            Model = spec.Model with { InputSize = null, OutputSize = null },
            Data = spec.Data with { Source = new NpySource { Files = [inputs, targets] }, BatchSize = 2 },
            Tbptt = new() { ChunkLength = 1 },
            Train = spec.Train with { ClipNorm = null, Optimizer = States.Optimizers[optimizer] },
        };
        return (inRounds ? spec.InRounds(2) : spec).OnEngine(engine);
    }
}
