using Orleans.Tbptt.Data;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Models;

/// <summary>
/// Forecasts with a trained model: the outputs at every time step, in the targets' units. They have the same bits however many sequences
/// are computed at a time and wherever they are cut.
/// </summary>
public static class Forecaster
{
    /// <summary>Sequences that are computed next to each other, at most: as many rows as keep products efficient.</summary>
    private const int Lanes = 32;

    private const int Chunk = 256;

    /// <summary>Values that are kept until those of the sequences before them are complete, at most.</summary>
    private const long MostKept = 1L << 22;

    /// <summary>Forecasts from every time step of every sequence.</summary>
    /// <param name="package">The model.</param>
    /// <param name="data">What it forecasts from.</param>
    /// <param name="hidden">
    /// The hidden state of each sequence before its first time step, <c>[sequences, <see cref="HiddenLength"/>]</c>; replaced by that after
    /// its last.
    /// </param>
    /// <param name="take">Receives the forecasts, sequence by sequence, in order of time.</param>
    public static void Run(ModelPackage package, IForecastData data, Span<float> hidden, ForecastChunk take)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(data);
        using var predictor = new SequencePredictor(package.Spec, data.Shape, package.Parameters.Span);
        Run(predictor, data, hidden, take);
    }

    /// <summary>As the other one, with a model that is loaded already.</summary>
    /// <param name="predictor">The model.</param>
    /// <param name="data">What it forecasts from; of the shape that it was loaded for.</param>
    /// <param name="hidden">The hidden state of each sequence, before and after.</param>
    /// <param name="take">Receives the forecasts.</param>
    public static void Run(SequencePredictor predictor, IForecastData data, Span<float> hidden, ForecastChunk take)
    {
        ArgumentNullException.ThrowIfNull(predictor);
        ArgumentNullException.ThrowIfNull(data);
        var units = new ForecastUnits(data, take);
        int targets = data.Targets.Count;
        for (int first = 0; first < data.Sequences.Count;)
        {
            var group = new SequenceWindow(data.Sequences, first, Group(data.Sequences, first, targets));
            var states = hidden.Slice(first * predictor.HiddenLength, group.Count * predictor.HiddenLength);
            if (group.Count == 1)
            {
                int sequence = first;
                predictor.Run(group, 1, Chunk, states, (slice, outputs) => units.Take(slice with { Sequence = sequence }, outputs));
            }
            else
            {
                float[][] kept = [.. Enumerable.Range(0, group.Count).Select(i => new float[group.Length(i) * targets])];
                predictor.Run(
                    group, Lanes, Chunk, states,
                    (slice, outputs) => outputs.CopyTo(kept[slice.Sequence].AsSpan(slice.Start * targets)));
                for (int i = 0; i < kept.Length; i++)
                    units.Take(new(first + i, 0, group.Length(i)), kept[i]);
            }

            first += group.Count;
        }
    }

    /// <summary>Values of one sequence's hidden state.</summary>
    public static int HiddenLength(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        return Specs.ParameterLayout.Of(package.Spec.Model).HiddenPerLane;
    }

    /// <summary>The hidden states with which sequences start, <c>[sequences, hidden]</c>: zero, or what the model has learned.</summary>
    /// <param name="package">The model.</param>
    /// <param name="sequences">How many.</param>
    public static float[] Starts(ModelPackage package, long sequences = 1)
    {
        ArgumentNullException.ThrowIfNull(package);
        return InitialState.Of(Specs.ParameterLayout.Of(package.Spec.Model), package.Parameters.Span, sequences);
    }

    /// <summary>How many sequences to compute together: one alone where it is long, so that its forecasts are passed on at once.</summary>
    private static int Group(ISequenceSet sequences, int first, int targets)
    {
        long values = 0;
        int count = 0;
        while (first + count < sequences.Count && count < 4 * Lanes
            && (values += (long)sequences.Length(first + count) * targets) <= MostKept)
            count++;
        return Math.Max(1, count);
    }

    /// <summary>A contiguous range of sequences.</summary>
    private sealed class SequenceWindow(ISequenceSet all, int first, int count) : ISequenceSet
    {
        public int Count => count;

        public int Length(int sequence) => all.Length(first + sequence);

        public void ReadInputs(SequenceSlice slice, Span<float> destination) => all.ReadInputs(Moved(slice), destination);

        public void ReadInputs(SequenceSlice slice, Span<long> destination) => all.ReadInputs(Moved(slice), destination);

        public void ReadTargets(SequenceSlice slice, Span<float> destination) => all.ReadTargets(Moved(slice), destination);

        public void ReadTargets(SequenceSlice slice, Span<long> destination) => all.ReadTargets(Moved(slice), destination);

        private SequenceSlice Moved(SequenceSlice slice) => slice with { Sequence = first + slice.Sequence };
    }
}
