using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Models;

/// <summary>How paths are drawn.</summary>
/// <param name="Horizon">Rows ahead of the last one of a series, at least 1.</param>
/// <param name="Samples">How many paths, at least 1.</param>
/// <param name="Seed">The seed: the same one gives the same paths.</param>
public sealed record PathOptions(int Horizon, int Samples, long Seed);

/// <summary>
/// Paths that a series may take behind its last row, as DeepAR draws them (Salinas and others, 2020): each value is drawn from the
/// distribution that the model predicts, and is the next input, with the hidden state carried. What a path draws depends on the seed, the
/// place of its series, its number, the row ahead and the target alone: the same on every machine, and the first rows and paths of more are
/// those of fewer.
/// </summary>
public sealed class SamplePaths : IDisposable
{
    private const int Chunk = 256, Lanes = 32;

    private readonly IForecastData _data;
    private readonly LossSpec _loss;
    private readonly int _targets;
    private readonly int _perTarget;
    private readonly int _point;
    private readonly KnownValues _known;
    private readonly SequencePredictor _predictor;
    private readonly StepPredictor _steps;

    /// <summary>Loads a model.</summary>
    /// <param name="package">The model; there is no <see cref="Problem"/>.</param>
    /// <param name="data">The rows behind which paths begin.</param>
    public SamplePaths(ModelPackage package, IForecastData data)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(data);
        var source = (TableSource)package.Spec.Data.Source;
        (_data, _loss) = (data, package.Spec.Train.Loss);
        (_targets, _perTarget, _point) = (package.Config.Targets.Count, _loss.OutputsPerTarget, _loss.Point);
        _known = new(source, data.Sequences, package.Config.Inputs, package.Config.Targets, data.Shape.InputFeatures);
        _predictor = new(package.Spec, data.Shape, package.Parameters.Span);
        _steps = new(package.Spec, data.Shape, package.Parameters.Span);
    }

    /// <summary>Why a model draws no paths: what was found and what was expected; null where it does.</summary>
    /// <param name="package">The model.</param>
    public static (string Found, string Expected)? Problem(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        if (package.Spec.Data.Source is not TableSource source)
            return ($"a model of {package.Spec.Data.Source.Word}", "one of a table, whose targets are its next inputs");
        if (!package.Spec.Train.Loss.IsDistribution)
        {
            return ($"loss {package.Spec.Train.Loss.Word}",
                "a loss that predicts a distribution, such as quantile, gaussian, student_t or negative_binomial");
        }

        if (source.Farthest > 1)
            return ($"a model that forecasts {source.Farthest} rows ahead", "one of the next row, data.horizon: 1");
        var config = package.Config;
        string[] own = [.. config.Targets, .. config.Targets.Select(KnownValues.FlagOf), .. source.Static, source.Series ?? ""];
        string[] unknown = [.. config.Inputs.Except(own).Except(source.Static.Select(KnownValues.FlagOf))];
        return unknown.Length == 0 ? null
            : ($"the inputs {string.Join(", ", unknown)}",
                "inputs that are targets or data.static, because nobody knows others of rows to come");
    }

    /// <summary>Draws the paths of every sequence.</summary>
    /// <param name="options">How.</param>
    /// <param name="hidden">The hidden state of each sequence before its first time step; replaced by that after its last.</param>
    /// <param name="take">
    /// Receives the values that a series' paths have, in the targets' units, <c>[rows ahead, targets, paths]</c>, sequence by sequence.
    /// </param>
    public void Run(PathOptions options, Span<float> hidden, Action<int, double[]> take)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(take);
        var sequences = _data.Sequences;
        var last = new float[sequences.Count * _steps.Outputs];
        _predictor.Run(sequences, Lanes, Chunk, hidden, (slice, outputs) =>
        {
            if (slice.Start + slice.Length == sequences.Length(slice.Sequence))
                outputs[^_steps.Outputs..].CopyTo(last.AsSpan(slice.Sequence * _steps.Outputs));
        });
        for (int sequence = 0; sequence < sequences.Count; sequence++)
        {
            take(sequence, Draw(
                options, sequence, last.AsSpan(sequence * _steps.Outputs, _steps.Outputs),
                hidden.Slice(sequence * _steps.HiddenLength, _steps.HiddenLength)));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _predictor.Dispose();
        _steps.Dispose();
    }

    private double[] Draw(PathOptions options, int sequence, ReadOnlySpan<float> last, ReadOnlySpan<float> state)
    {
        var (shape, samples, width) = (_steps.Shape, options.Samples, _steps.Outputs);
        var end = new SequenceSlice(sequence, _data.Sequences.Length(sequence) - 1, 1);
        float[] inputs = new float[samples * shape.InputFeatures], outputs = new float[samples * width];
        long[] codes = new long[samples * shape.Codes];
        float[] before = new float[samples * state.Length], after = new float[before.Length];
        Repeat(state, before);
        Repeat(last, outputs);

        // What is no target stays as in the last row: it is the same in all rows.
        if (shape.InputFeatures > 0)
        {
            _data.Sequences.ReadInputs(end, inputs.AsSpan(0, shape.InputFeatures));
            Repeat(inputs.AsSpan(0, shape.InputFeatures).ToArray(), inputs);
        }

        if (shape.Codes > 0)
        {
            _data.Sequences.ReadInputs(end, codes.AsSpan(0, shape.Codes));
            Repeat(codes.AsSpan(0, shape.Codes).ToArray(), codes);
        }

        ulong key = CounterRandom.Derive(CounterRandom.Key(options.Seed, RandomPurpose.Sampling), (ulong)sequence);
        var paths = new double[checked(options.Horizon * _targets * samples)];
        for (int ahead = 0; ahead < options.Horizon; ahead++)
        {
            for (int sample = 0; sample < samples; sample++)
                Draw(CounterRandom.Derive(key, (ulong)sample), ahead, sample);
            if (ahead + 1 == options.Horizon)
                break;
            _steps.Step(samples, inputs, codes, before, after, outputs);
            (before, after) = (after, before);
        }

        return paths;

        void Draw(ulong own, int ahead, int sample)
        {
            for (int target = 0; target < _targets; target++)
            {
                // A share of 0 has no value; half of the next one is as good.
                double level = Math.Max(CounterRandom.Uniform(own, (ulong)((ahead * _targets) + target)), 1.0 / (1L << 54));
                float value = (float)_loss.ValueAt(outputs.AsSpan((sample * width) + (target * _perTarget), _perTarget), level);
                if (_known.Columns[target] is >= 0 and var column)
                    inputs[(sample * shape.InputFeatures) + column] = value;
                if (_known.Flags[target] is >= 0 and var flag)
                    inputs[(sample * shape.InputFeatures) + flag] = 1;
                _data.ToUnits(
                    end, (target * _perTarget) + _point, [value], paths.AsSpan((((ahead * _targets) + target) * samples) + sample, 1));
            }
        }

        static void Repeat<T>(ReadOnlySpan<T> one, Span<T> all)
        {
            for (int at = 0; at < all.Length; at += one.Length)
                one.CopyTo(all[at..]);
        }
    }
}
