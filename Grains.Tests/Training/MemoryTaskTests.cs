using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Training;

/// <summary>
/// Recall of a sign after 1,000 time steps. The net begins with open forget gates and closed input gates, as Tallec and Ollivier advise
/// (2018, arXiv:1804.11188): so its cells keep what they are shown, and the gradient gets through.
/// </summary>
public sealed class MemoryTaskTests(ITestOutputHelper output)
{
    private const int Length = 1000;
    private const int Units = 8;

    [Fact]
    public void Full_Learns_WhatChunksCannot()
    {
        using var data = new RecallData(sequences: 8, Length);
        var (full, fullLosses) = Train(data, new FullBackprop(), epochs: 100);
        var (chunk, chunkLosses) = Train(data, new ChunkBackprop(), epochs: 100);
        foreach (var (name, trained) in new[] { ("full", full), ("chunk", chunk) })
        {
            var lags = GradientLags.Of(Spec(new ChunkBackprop(), 1), data, trained);
            output.WriteLine($"{name}: {string.Join("; ", lags.Select(lag => $"{lag.Name} {lag.Value:f3}"))}");
        }

        output.WriteLine($"losses: full {fullLosses[0]:f3} to {fullLosses[^1]:e1}, chunk {chunkLosses[0]:f3} to {chunkLosses[^1]:f3}");
        Assert.InRange(fullLosses[^1], 0, 0.6);

        // Nothing but the sign itself tells the sequences apart: five of one and three of the other, so that a constant has a loss of
        // 1 - (2/8)², 0.9375, at best. The gap is far above what rounding does to either figure.
        Assert.InRange(chunkLosses[^1], 0.93, 1.5);

        // No chunk with a target has a sign among its inputs: the weights of that input have a gradient of 0 exactly, step after step.
        var layout = ParameterLayout.Of(Spec(new ChunkBackprop(), 1).Model);
        float[] initial = Initial(layout);
        for (int gate = 0; gate < 4 * Units; gate++)
            Bits.Same([initial[2 * gate]], [chunk[2 * gate]]);
    }

    [Fact]
    public void Lags_SayThatTheGradientComesFromTheFirstChunk()
    {
        using var data = new RecallData(sequences: 8, Length);
        var spec = Spec(new ChunkBackprop(), 1);

        var lags = GradientLags.Of(spec, data, Initial(ParameterLayout.Of(spec.Model)));

        Assert.Equal(
            ["gradient from its own chunk", "gradient from 1 chunk back", "gradient from 2 to 3 chunks back",
                "gradient from 4 to 7 chunks back", "gradient from 8 to 15 chunks back", "gradient from 16 to 31 chunks back",
                "gradient cut off"],
            lags.Select(lag => lag.Name));
        Assert.Equal(1, lags.SkipLast(1).Sum(lag => lag.Value), 1e-12);
        Assert.Equal(lags.Skip(1).SkipLast(1).Sum(lag => lag.Value), lags[^1].Value, 1e-12);
        Assert.All(lags, lag => Assert.True(GradientLags.IsOne(lag)));
        Assert.False(GradientLags.IsOne(new("validation RMSE", 1, "")));
        var window = Spec(new WindowBackprop { Length = 200 }, 1);
        double reached = GradientLags.Of(window, data, Initial(ParameterLayout.Of(spec.Model)))[^1].Value;
        Assert.Equal(lags.Skip(3).SkipLast(1).Sum(lag => lag.Value), reached, 1e-12);
        Assert.DoesNotContain(GradientLags.Of(Spec(new FullBackprop(), 1), data, Initial(ParameterLayout.Of(spec.Model))),
            lag => lag.Name == GradientLags.CutOff);
    }

    /// <summary>
    /// The parts of a sequence of three chunks against the gradients of windows of one, two and three chunks of plain replicas: what a
    /// further chunk adds is the difference. Both are sums in float32 in other orders, of numbers of about 1. A tied weight has a gradient
    /// from the head and one from the embedding, which is known at the end of a part alone.
    /// </summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Parts_AreTheDifferencesOfTruncatedGradients(bool tied, bool learnsStart)
    {
        using IDataSource data = tied ? new FormulaData(new(0, 6, 6, 0), [30]) : new RecallData(sequences: 1, 30);
        var spec = Spec(new ChunkBackprop(), 1) with { Tbptt = new() { ChunkLength = 10 } };
        spec = spec with
        {
            Data = spec.Data with { BatchSize = 1 },
            Model = !tied ? spec.Model with { LearnInitialState = learnsStart } : spec.Model with
            {
                InputSize = Units, OutputSize = 6, Embedding = new() { Vocabulary = 6, Size = Units }, TieWeights = true,
            },
        };
        float[] parameters = Initial(ParameterLayout.Of(spec.Model));
        double[][] reached = [.. new[] { 1, 2, 3 }.Select(chunks => Gradient(spec, data, parameters, chunks))];
        double[] norms = [Norm(reached[0]), Norm(Less(reached[1], reached[0])), Norm(Less(reached[2], reached[1]))];

        var lags = GradientLags.Of(spec, data, parameters);

        Assert.Equal(4, lags.Count);
        for (int part = 0; part < 3; part++)
            Assert.Equal(norms[part] / norms.Sum(), lags[part].Value, 1e-4);
    }

    private static double[] Gradient(RunSpec spec, IDataSource data, float[] parameters, int chunks)
    {
        spec = spec with
        {
            Tbptt = chunks == 1 ? spec.Tbptt : spec.Tbptt with { Backprop = new WindowBackprop { Length = 10 * chunks } },
        };
        using var shard = new Orleans.Tbptt.Training.TrainerShards(spec, data, [new(0, 1)], Engine.Open(spec, DeviceName.Cpu));
        var gradient = new float[parameters.Length];
        for (int step = 0; step < 3; step++)
            shard.TrainChunk(new(step, 0, step), parameters, gradient);
        return Differences.Doubles(gradient);
    }

    private static double[] Less(double[] from, double[] what) => [.. from.Zip(what, (one, other) => one - other)];

    private static double Norm(double[] values) => Math.Sqrt(values.Sum(value => value * value));

    private static (float[] Parameters, List<double> Losses) Train(RecallData data, BackpropSpec backprop, int epochs)
    {
        var spec = Spec(backprop, epochs);
        using var trainer = new SingleProcessTrainer(spec, data, () => Engine.Open(spec, DeviceName.Cpu));
        Initial(trainer.State.Layout).CopyTo(trainer.State.Parameters, 0);
        var losses = new List<double>();
        Assert.Null(trainer.Train(onEpoch: (_, loss, _) => losses.Add(loss)));
        return (trainer.State.Parameters, losses);
    }

    private static float[] Initial(ParameterLayout layout)
    {
        float[] parameters = new Draws(31).Floats(layout.Length, 0.35);
        int forget = layout.Slots.Single(slot => slot.Name == "rnn.bias_ih_l0").Offset + Units;
        parameters.AsSpan(forget - Units, Units).Fill(-6);
        parameters.AsSpan(forget, Units).Fill(8);
        return parameters;
    }

    private static RunSpec Spec(BackpropSpec backprop, int epochs)
    {
        var spec = TestSpecs.Average(trainers: 1, epochs: epochs);
        return spec with
        {
            Engine = new FusedEngine(),
            Model = spec.Model with { Cell = new LstmCell(), InputSize = 2, HiddenSize = Units, OutputSize = 1 },
            Data = spec.Data with { BatchSize = 8 },
            Tbptt = new() { ChunkLength = 50, Backprop = backprop },
            Train = spec.Train with { ClipNorm = 1, Optimizer = new Adam { Lr = 0.03 } },
        };
    }
}
