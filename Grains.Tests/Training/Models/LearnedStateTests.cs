using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Training.Models;

/// <summary>A learned initial state is what sequences start with wherever the model runs.</summary>
public sealed class LearnedStateTests
{
    /// <summary>
    /// The loss of held-out sequences after an epoch is the one that the model gives them afterwards: sums of some hundred squares of
    /// float32 in double precision, in another order.
    /// </summary>
    [Theory]
    [InlineData("fused", "lstm", "layers: 2")]
    [InlineData("fused", "{name: lstm, projectionSize: 4}", "residual: true, layers: 2")]
    [InlineData("torch", "gru", "layers: 2")]
    public void Predictions_StartWithIt_AsEvaluationsDo(string engine, string cell, string keys)
    {
        using var run = PreparedRun.Prepare(SpecLoader.Parse(
            $$"""
            name: wave
            engine: {{engine}}
            model: {cell: {{cell}}, hiddenSize: 9, {{keys}}, learnInitialState: true }
            data: {source: sine, batchSize: 4, sequences: 12, sequenceLength: 23, validationFraction: 0.5 }
            tbptt: {chunkLength: 5}
            train: {epochs: 3, loss: mse, optimizer: {name: adam, lr: 0.05} }
            """, "wave.yaml", "/").Spec!);
        using var trainer = new SingleProcessTrainer(run.Spec, run.Data, () => Engine.Open(run.Spec, DeviceName.Cpu));
        double held = 0;
        Assert.Null(trainer.Train(onEpoch: (_, _, loss) => held = loss!.Value));
        var layout = trainer.State.Layout;
        using var predictor = new SequencePredictor(run.Spec, run.Data.Shape, trainer.State.Parameters);
        using var steps = new StepPredictor(run.Spec, run.Data.Shape, trainer.State.Parameters);

        float[] learned = trainer.State.Parameters.AsSpan(layout.InitialState!.Value, layout.HiddenPerLane).ToArray();
        double fromLearned = Loss(predictor.Starts(6)), fromZero = Loss(new float[6 * predictor.HiddenLength]);

        // Adam moves each of them by up to its rate in each of 30 steps.
        Assert.All(learned, value => Assert.InRange(Math.Abs(value), 1e-4, 1.5));
        Bits.Same(learned, steps.InitialState.Span);
        Assert.Equal(held, fromLearned, 1e-5 * held);
        Assert.True(Math.Abs(held - fromZero) > 1e-3 * held, $"{held} and {fromZero} are too alike");

        double Loss(float[] hidden)
        {
            var (sum, weight) = predictor.Run(run.Data.Validation!, 3, 7, hidden, (_, _) => { });
            return sum / weight;
        }
    }
}
