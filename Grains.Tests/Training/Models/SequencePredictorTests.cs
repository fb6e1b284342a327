using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Models;

/// <summary>The outputs of a model do not depend on how its sequences are cut and put next to each other.</summary>
public sealed class SequencePredictorTests
{
    private const string Text =
        """
        name: wave
        model: {cell: CELL, hiddenSize: 19, layers: 2}
        data: {source: sine, batchSize: 4, sequences: 7, sequenceLength: 23}
        tbptt: {chunkLength: 5}
        train: {epochs: 1, loss: mse, optimizer: {name: sgd, lr: 0.1}}
        """;

    [Theory]
    [InlineData("lstm")]
    [InlineData("gru")]
    [InlineData("rnn")]
    public void Outputs_HaveTheSameBits_HoweverSequencesAreCut(string cell)
    {
        using var run = Prepared(cell);
        var (once, state) = Predict(run, lanes: 1, chunk: 23);

        foreach (var (lanes, chunk) in new[] { (1, 1), (1, 4), (3, 7), (7, 23), (7, 1), (50, 5) })
        {
            var (outputs, ends) = Predict(run, lanes, chunk);
            Assert.Equal(once, outputs);
            Assert.Equal(state, ends);
        }
    }

    [Fact]
    public void Hidden_IsCarried_FromOnePartOfASequenceToTheNext()
    {
        using var run = Prepared("lstm");
        using var predictor = Predictor(run);
        var (once, ends) = Predict(run, lanes: 7, chunk: 23);
        var hidden = new float[7 * predictor.HiddenLength];
        var outputs = new Dictionary<(int, int), int>();

        foreach (var part in new[] { new Part(run.Data.Training, 0, 9), new Part(run.Data.Training, 9, 14) })
        {
            predictor.Run(part, lanes: 4, chunk: 5, hidden, (slice, values) =>
            {
                for (int t = 0; t < slice.Length; t++)
                    outputs[(slice.Sequence, part.Start + slice.Start + t)] = BitConverter.SingleToInt32Bits(values[t]);
            });
        }

        Assert.Equal(once, outputs);
        Assert.Equal(ends, hidden.Select(BitConverter.SingleToInt32Bits));
    }

    private static PreparedRun Prepared(string cell) =>
        PreparedRun.Prepare(SpecLoader.Parse(Text.Replace("CELL", cell, StringComparison.Ordinal), "wave.yaml", "/").Spec!);

    private static SequencePredictor Predictor(PreparedRun run) =>
        new(run.Spec, run.Data.Shape, new TrainingState(run.Spec).Parameters);

    private static (Dictionary<(int, int), int> Outputs, IEnumerable<int> Ends) Predict(PreparedRun run, int lanes, int chunk)
    {
        using var predictor = Predictor(run);
        var hidden = new float[run.Data.Training.Count * predictor.HiddenLength];
        var outputs = new Dictionary<(int, int), int>();
        predictor.Run(run.Data.Training, lanes, chunk, hidden, (slice, values) =>
        {
            for (int t = 0; t < slice.Length; t++)
                outputs.Add((slice.Sequence, slice.Start + t), BitConverter.SingleToInt32Bits(values[t]));
        });
        Assert.Equal(7 * 23, outputs.Count);
        return (outputs, hidden.Select(BitConverter.SingleToInt32Bits).ToList());
    }

    /// <summary>A stretch of every sequence.</summary>
    private sealed class Part(ISequenceSet all, int start, int length) : ISequenceSet
    {
        public int Start => start;

        public int Count => all.Count;

        public int Length(int sequence) => length;

        public void ReadInputs(SequenceSlice slice, Span<float> destination) => all.ReadInputs(Moved(slice), destination);

        public void ReadInputs(SequenceSlice slice, Span<long> destination) => all.ReadInputs(Moved(slice), destination);

        public void ReadTargets(SequenceSlice slice, Span<float> destination) => all.ReadTargets(Moved(slice), destination);

        public void ReadTargets(SequenceSlice slice, Span<long> destination) => all.ReadTargets(Moved(slice), destination);

        private SequenceSlice Moved(SequenceSlice slice) => slice with { Start = slice.Start + start };
    }
}
