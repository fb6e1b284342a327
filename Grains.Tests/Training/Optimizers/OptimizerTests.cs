using System.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Training.Optimizers;

public sealed class OptimizerTests
{
    private static readonly Dictionary<string, OptimizerSpec> Specs = new()
    {
        ["sgd"] = new Sgd { Lr = 0 },
        ["sgd, momentum"] = new Sgd { Lr = 0, Momentum = 0.9 },
        ["adam"] = new Adam { Lr = 0 },
        ["adam, other rates"] = new Adam { Lr = 0, Beta1 = 0.8, Beta2 = 0.95, Eps = 1e-3 },
        ["adamw"] = new AdamW { Lr = 0 },
        ["adamw, strong decay"] = new AdamW { Lr = 0, WeightDecay = 0.5 },
        ["rmsprop"] = new RmsProp { Lr = 0 },
        ["rmsprop, other rates"] = new RmsProp { Lr = 0, Alpha = 0.8, Eps = 1e-2 },
        ["sgd, nesterov"] = new Sgd { Lr = 0, Momentum = 0.9, Nesterov = true },
        ["sgd, decay"] = new Sgd { Lr = 0, WeightDecay = 0.1 },
        ["sgd, momentum, decay"] = new Sgd { Lr = 0, Momentum = 0.9, WeightDecay = 0.1 },
        ["sgd, nesterov, decay"] = new Sgd { Lr = 0, Momentum = 0.9, Nesterov = true, WeightDecay = 0.1 },
        ["adagrad"] = new Adagrad { Lr = 0 },
        ["adagrad, other eps"] = new Adagrad { Lr = 0, Eps = 1e-2 },
        ["nadam"] = new NAdam { Lr = 0 },
        ["nadam, other rates"] = new NAdam { Lr = 0, Beta1 = 0.8, Beta2 = 0.95, Eps = 1e-3 },
        ["radam"] = new RAdam { Lr = 0 },
        ["radam, other rates"] = new RAdam { Lr = 0, Beta1 = 0.8, Beta2 = 0.95, Eps = 1e-3 },
        ["lion"] = new Lion { Lr = 0 },
        ["lion, other rates"] = new Lion { Lr = 0, Beta1 = 0.8, Beta2 = 0.95, WeightDecay = 0.1 },
    };

    public static TheoryData<string> Names { get; } = [.. Specs.Keys];

    /// <summary>
    /// The tolerance: each of the steps rounds the parameter once or twice (2^-24 of it), and takes an update that is off by some
    /// 2e-5 of the learning rate, mostly because 0.999 as a float is 1.3e-8 off, 1.3e-5 of the 1/1000 that it leaves. With momentum 0.9 an
    /// update is ten learning rates. A bias correction, an epsilon or a decay in the wrong place costs over a hundred times as much.
    /// </summary>
    [Theory, MemberData(nameof(Names))]
    public void Updates_AreThoseOfTheTextbook_ForManySteps(string name)
    {
        const int Steps = 200;
        foreach (int length in new[] { 1, 3, Vector<float>.Count, Vector<float>.Count + 1, 37, 64 })
        {
            var draws = new Draws(length);
            float[] parameters = draws.Floats(length, 2);
            var textbook = new TextbookOptimizer(Specs[name], parameters);
            var optimizer = Optimizer.Create(Specs[name], length);
            for (int step = 1; step <= Steps; step++)
            {
                double lr = 0.01 * (1 + step % 3);
                float[] gradient = [.. draws.Floats(length).Select((value, i) => (float)(value + 0.3 * Math.Sin(i)))];
                textbook.Step(gradient, lr);
                optimizer.Step(parameters, gradient, lr);

                double perStep = 2 * Math.Pow(2, -24) * 4 + 0.03 * 2e-5;
                for (int i = 0; i < length; i++)
                    Assert.Equal(textbook.Parameters[i], parameters[i], step * perStep);
            }

            Assert.Equal(Steps, optimizer.Count);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Elements_GetTheSameBits_WhereverTheyStand(string name)
    {
        for (int length = 1; length <= 41; length++)
        {
            for (int shift = 1; shift < length; shift += 3)
            {
                var (parameters, state) = Train(name, length, shift: 0);
                var (shifted, shiftedState) = Train(name, length, shift);

                Bits.Same(Rotate(parameters, shift), shifted);
                Assert.Equal(state.Keys, shiftedState.Keys);
                foreach (string key in state.Keys)
                    Bits.Same(Rotate(state[key], shift), shiftedState[key]);
            }
        }
    }

    /// <summary>The equations of <c>torch.optim.SGD(nesterov=True)</c>, in double precision.</summary>
    [Theory]
    [InlineData(0.9, 0.7)]
    [InlineData(0.5, 0.1)]
    [InlineData(0.0, 1.0)]
    public void OuterOptimizer_IsNesterovs(double momentum, double lr)
    {
        const int Length = 37, Steps = 50;
        var draws = new Draws(5);
        float[] parameters = draws.Floats(Length, 2);
        double[] expected = [.. parameters.Select(value => (double)value)], velocity = new double[Length];
        var sync = new SyncSpec { Mode = SyncMode.Local, Outer = new() { Lr = lr, Momentum = momentum } };
        var optimizer = Optimizer.OfTheRun(new() { Epochs = 1, Loss = new SquaredError(), Optimizer = Specs["adam"], Sync = sync }, Length);
        for (int step = 0; step < Steps; step++)
        {
            float[] gradient = draws.Floats(Length, 0.1);
            optimizer.Step(parameters, gradient, lr);
            for (int i = 0; i < Length; i++)
            {
                velocity[i] = momentum * velocity[i] + gradient[i];
                expected[i] -= lr * (gradient[i] + momentum * velocity[i]);
            }
        }

        for (int i = 0; i < Length; i++)
            Assert.Equal(expected[i], parameters[i], Steps * 1e-6);
        Assert.Equal(momentum > 0 ? ["momentum_buffer"] : [], optimizer.Averages.Select(average => average.Name));
        Assert.Equal(Steps, optimizer.Count);
    }

    [Theory, MemberData(nameof(Names))]
    public void RunningAverages_AreAsManyAsTheSpecSays(string name) =>
        Assert.Equal(Specs[name].RunningAverages, Optimizer.AverageNames(Specs[name]).Count);

    [Fact]
    public void State_HasTorchsNames()
    {
        Assert.Empty(Optimizer.AverageNames(Specs["sgd"]));
        Assert.Equal(["momentum_buffer"], Optimizer.AverageNames(Specs["sgd, momentum"]));
        Assert.Equal(["exp_avg", "exp_avg_sq"], Optimizer.AverageNames(Specs["adam"]));
        Assert.Equal(["exp_avg", "exp_avg_sq"], Optimizer.AverageNames(Specs["adamw"]));
        Assert.Equal(["square_avg"], Optimizer.AverageNames(Specs["rmsprop"]));
        Assert.Equal(["sum"], Optimizer.AverageNames(Specs["adagrad"]));
        Assert.Equal(["exp_avg", "exp_avg_sq"], Optimizer.AverageNames(Specs["nadam"]));
        Assert.Equal(["exp_avg", "exp_avg_sq"], Optimizer.AverageNames(Specs["radam"]));
        Assert.Equal(["exp_avg"], Optimizer.AverageNames(Specs["lion"]));
    }

    /// <summary>What an optimizer derives from its count is derived again, to the bit, when its state is restored in another one.</summary>
    [Theory, MemberData(nameof(Names))]
    public void State_IsAllThatIsNeeded_ToContinue(string name)
    {
        const int Length = 37;
        foreach (int before in (int[])[1, 7, 5_000])
        {
            var draws = new Draws(before);
            float[] parameters = draws.Floats(Length), gradient = draws.Floats(Length);
            var optimizer = Optimizer.Create(Specs[name], Length);
            for (int step = 0; step < before; step++)
                optimizer.Step(parameters, gradient, 1e-4);
            float[] continued = [.. parameters];
            var restored = Optimizer.Create(Specs[name], Length);
            restored.Count = optimizer.Count;
            foreach (var (from, to) in optimizer.Averages.Zip(restored.Averages))
                from.Values.CopyTo(to.Values);

            for (int step = 0; step < 3; step++)
            {
                optimizer.Step(parameters, gradient, 1e-4);
                restored.Step(continued, gradient, 1e-4);
            }

            Bits.Same(parameters, continued);
        }
    }

    private static (float[] Parameters, Dictionary<string, float[]> State) Train(string name, int length, int shift)
    {
        var draws = new Draws(length);
        float[] parameters = Rotate(draws.Floats(length), shift);
        var optimizer = Optimizer.Create(Specs[name], length);
        for (int step = 0; step < 3; step++)
            optimizer.Step(parameters, Rotate(draws.Floats(length), shift), 0.01);
        return (parameters, optimizer.Averages.ToDictionary(average => average.Name, average => average.Values.ToArray()));
    }

    private static float[] Rotate(float[] values, int by) => [.. values[by..], .. values[..by]];
}
