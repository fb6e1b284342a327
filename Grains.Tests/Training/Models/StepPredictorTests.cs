using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Models;

/// <summary>A stream's bits do not depend on the streams that share its product.</summary>
public sealed class StepPredictorTests
{
    private const int Streams = 67;
    private const int Steps = 9;

    [Theory]
    [InlineData("lstm", 64, 1)]
    [InlineData("lstm", 19, 2)]
    [InlineData("gru", 33, 2)]
    [InlineData("rnn", 7, 1)]
    [InlineData("{name: gru, resetAfter: false}", 21, 2)]
    [InlineData("{name: rnn, nonlinearity: relu}", 21, 2)]
    [InlineData("{name: lstm, projectionSize: 9}", 21, 2)]
    [InlineData("mingru", 21, 2)]
    [InlineData("minlstm", 21, 2)]
    [InlineData("slstm", 21, 2)]
    [InlineData("lstm, layerNorm: true, residual: true, dropout: {zoneout: 0.2, zoneoutCell: 0.3, weight: 0.5}", 21, 2)]
    public void Streams_HaveTheSameBits_AloneAndTogether(string cell, int units, int layers)
    {
        using var run = PreparedRun.Prepare(SpecLoader.Parse(
            $$"""
            name: wave
            model: {cell: {{cell}}, hiddenSize: {{units}}, layers: {{layers}} }
            data: {source: sine, batchSize: 4, sequences: {{Streams}}, sequenceLength: {{Steps}} }
            tbptt: {chunkLength: 5}
            train: {epochs: 1, loss: mse, optimizer: {name: sgd, lr: 0.1} }
            """, "wave.yaml", "/").Spec!);
        float[] parameters = new TrainingState(run.Spec).Parameters.ToArray();
        using var whole = new SequencePredictor(run.Spec, run.Data.Shape, parameters);
        float[] expected = new float[Streams * Steps], ends = new float[Streams * whole.HiddenLength];
        whole.Run(run.Data.Training, 8, 4, ends, (slice, outputs) =>
            outputs.CopyTo(expected.AsSpan((slice.Sequence * Steps) + slice.Start)));

        foreach (int batch in (int[])[1, 2, 15, 16, 64, Streams])
        {
            using var predictor = new StepPredictor(run.Spec, run.Data.Shape, parameters);
            float[] found = new float[expected.Length], hidden = new float[ends.Length];
            for (int step = 0; step < Steps; step++)
            {
                for (int first = 0; first < Streams; first += batch)
                    Step(predictor, run.Data, first, Math.Min(batch, Streams - first), step, hidden, found);
            }

            Assert.Equal(Bits(expected), Bits(found));
            Assert.Equal(Bits(ends), Bits(hidden));
        }
    }

    private static void Step(StepPredictor predictor, IDataSource data, int first, int count, int step, float[] hidden, float[] found)
    {
        int features = data.Shape.InputFeatures, length = predictor.HiddenLength;
        float[] values = new float[count * features], after = new float[count * length], outputs = new float[count];
        for (int i = 0; i < count; i++)
            data.Training.ReadInputs(new SequenceSlice(first + i, step, 1), values.AsSpan(i * features, features));
        predictor.Step(count, values, [], hidden.AsSpan(first * length, count * length), after, outputs);
        after.CopyTo(hidden, first * length);
        for (int i = 0; i < count; i++)
            found[((first + i) * Steps) + step] = outputs[i];
    }

    private static IEnumerable<int> Bits(float[] values) => values.Select(BitConverter.SingleToInt32Bits);
}
