using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Models;

/// <summary>The errors of a trained model's forecasts.</summary>
/// <param name="Totals">Those of each target and series.</param>
/// <param name="Figures">The loss, and the errors that are shown, each with those of <paramref name="Baselines"/>.</param>
/// <param name="Baselines">Those of forecasts without a model.</param>
public sealed record EvaluationResult(EvaluationTotals Totals, HeldOutFigures Figures, IReadOnlyList<BaselineErrors> Baselines);

/// <summary>Compares a trained model's forecasts with targets that are known: the figures of a run's test, on any data.</summary>
public static class Evaluator
{
    /// <summary>How many sequences are computed at a time: a part of the order in which losses are summed.</summary>
    private const int Lanes = 32;

    private const int Chunk = 256;

    /// <summary>Evaluates a model, each sequence from the hidden state that sequences start with.</summary>
    /// <param name="package">The model.</param>
    /// <param name="data">All of it is held out; each sequence begins with the first row of a series, or of the file.</param>
    /// <param name="season">Rows of a season, whose naive forecast is compared with, too; null for none.</param>
    public static EvaluationResult Evaluate(ModelPackage package, IDataSource data, int? season)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(data);
        var source = package.Spec.Data.Source as TableSource;
        var held = data.Validation ?? data.Training;
        int targets = data.Shape.TargetFeatures;
        var (names, loss) = (package.Config.Targets, package.Spec.Train.Loss);
        using var predictor = new SequencePredictor(package.Spec, data.Shape, package.Parameters.Span);

        // Which of its inputs a target is, is known of the columns of tables alone.
        var known = source is null ? null
            : new KnownValues(source, held, data.Description.Inputs, source.ColumnsOf(names), data.Shape.InputFeatures);
        var baselines = source is null ? [] : Baseline.All(season, source.Horizon);
        Baseline[][] ahead = [.. Enumerable.Range(0, source?.Horizons ?? 0).Select(
            further => Baseline.All(season, source!.Horizon + further).ToArray())];
        ValueMetrics metrics = ValueMetrics.Of(loss);
        int chunk = package.Spec.TakesWholeSequences ? Enumerable.Range(0, held.Count).Max(held.Length) : Chunk;
        SequenceSums sums = new(held, targets, metrics, loss, chunk);
        SequenceSums[] simple = [.. baselines.Select(_ => new SequenceSums(held, targets, ValueMetrics.Errors, loss, chunk))];
        var values = new double[chunk];
        int classes = data.Shape.Classes, outputsOf = package.Spec.Model.OutputSize!.Value;
        var counts = new double[ClassCounts.Numbers(classes)];
        int? blank = loss.BlankClass;
        if (blank is not null)
            counts = new double[LabelCounts.Numbers];
        var (predicted, actual) = (new int[chunk], new long[chunk]);
        var (lossSum, weight) = predictor.Run(
            held, Lanes, chunk, predictor.Starts(held.Count), (slice, rows) =>
            {
                if (counts.Length > 0)
                {
                    for (int i = 0; i < slice.Length; i++)
                        predicted[i] = Largest.Of(rows.Slice(i * outputsOf, outputsOf));
                    held.ReadTargets(slice, actual.AsSpan(0, slice.Length));
                    if (blank is not null)
                    {
                        int found = LabelPath.Decode(predicted.AsSpan(0, slice.Length), blank.Value);
                        int[] labels = [.. actual[..slice.Length].Where(one => one != DataShape.MaskedClass).Select(one => (int)one)];
                        LabelCounts.Add(predicted.AsSpan(0, found), labels, counts);
                        return;
                    }

                    ClassCounts.Add(predicted, actual.AsSpan(0, slice.Length), counts, loss.IgnoredTarget);
                    return;
                }

                sums.Begin(slice);
                for (int target = 0; target < targets; target++)
                    sums.Add(target, rows);

                for (int one = 0; one < simple.Length; one++)
                {
                    simple[one].Begin(slice);
                    for (int target = 0; target < targets; target++)
                    {
                        known!.Read(ahead[target % ahead.Length][one], slice, target / ahead.Length, values);
                        simple[one].Add(target, values);
                    }
                }
            });
        var all = Totals(counts.Length > 0 ? new([0], counts) : sums.Groups, metrics);
        BaselineErrors[] errors =
        [
            .. baselines.Zip(simple, (baseline, totals) => new BaselineErrors(baseline, Totals(totals.Groups, ValueMetrics.Errors))),
        ];
        var figures = EvaluationReport.Of(all, lossSum, weight);
        return new(
            all, figures with
            {
                Metrics = [.. CodeLength.Of(package.Spec, figures.Loss, MetricKind.Test), .. Compared(figures.Metrics, all, errors)],
            }, errors);

        EvaluationTotals Totals(GroupSums groups, ValueMetrics ofTargets)
        {
            var totals = new EvaluationTotals(
                HeldOutPart.Test, held, names, data.Shape, lanes: 1, ofTargets, areLabels: loss.BlankClass is not null);
            totals.Take(groups);
            return totals;
        }
    }

    /// <summary>The errors that are shown, with those of each baseline next to them.</summary>
    private static IReadOnlyList<Metric> Compared(
        IReadOnlyList<Metric> shown, EvaluationTotals all, IReadOnlyList<BaselineErrors> baselines)
    {
        var series = all.Series.ToDictionary(all.NameOfSeries);
        var targets = Enumerable.Range(0, all.Targets).ToDictionary(all.NameOf);
        Metric[] own = [.. shown.Where(metric => metric.Kind == MetricKind.Test)];
        return
        [
            .. own, .. from row in own.Select(metric => (metric.Series, metric.Unit)).Distinct()
                       from one in baselines
                       let target = targets[row.Unit]
                       let figures = row.Series is null ? one.Totals.Of(target) : one.Totals.Of(series[row.Series], target)
                       where figures is not null
                       from metric in ValueMetrics.Errors.All.Zip(figures.Values)
                       select new Metric(
                           $"{one.Baseline.Name} {metric.First.Name}", metric.Second, row.Unit, MetricKind.Baseline, row.Series,
                           figures.Count),
        ];
    }

    /// <summary>What metrics need of each sequence; where sequences are no series, all are one group.</summary>
    private sealed class SequenceSums(ISequenceSet held, int targets, ValueMetrics metrics, LossSpec loss, int chunk)
    {
        private readonly bool _bySeries = EvaluationTotals.IsBySeries(held, targets);
        private readonly int _width = targets * metrics.Numbers;
        private readonly SortedDictionary<int, double[]> _groups = [];
        private readonly float[] _targets = new float[chunk * targets];
        private readonly float[] _gathered = new float[chunk];
        private readonly double[] _target = new double[chunk];
        private readonly double[] _outputs = new double[chunk];
        private readonly PredictedValue[] _predicted = [.. loss.Predictions];
        private readonly double[] _predictions = new double[loss.Predictions.Count == 1 ? 0 : chunk * loss.Predictions.Count];
        private readonly int _point = loss.Point;
        private SequenceSlice _slice;
        private double[] _sums = [];

        public GroupSums Groups => new([.. _groups.Keys], [.. _groups.Values.SelectMany(sums => sums)]);

        /// <summary>Reads the targets of a stretch, to which forecasts are then added.</summary>
        public void Begin(SequenceSlice slice)
        {
            _slice = slice;
            int group = _bySeries ? slice.Sequence : 0;
            if (!_groups.TryGetValue(group, out double[]? sums))
                _groups.Add(group, sums = new double[_width]);
            _sums = sums;
            held.ReadTargets(slice, _targets.AsSpan(0, slice.Length * targets));
        }

        /// <summary>Adds a model's forecasts of a target.</summary>
        /// <param name="target">The target.</param>
        /// <param name="rows">Rows of what is predicted of all targets.</param>
        public void Add(int target, ReadOnlySpan<float> rows)
        {
            int count = _predicted.Length, kept = count == 1 ? 0 : count;
            for (int i = 0; i < count; i++)
            {
                // The point forecast comes last, and stays.
                int one = (_point + 1 + i) % count;
                ToUnits(target, rows, targets * count, (target * count) + one, _outputs, _predicted[one].Units);
                for (int row = 0; row < _slice.Length && kept > 0; row++)
                    _predictions[(row * count) + one] = _outputs[row];
            }

            ToUnits(target, _targets, targets, target, _target);
            Add(target, _outputs, _predictions.AsSpan(0, _slice.Length * kept));
        }

        /// <summary>Adds forecasts of a target, in its units; those that are NaN do not count. They are changed here.</summary>
        public void Add(int target, double[] forecasts)
        {
            ToUnits(target, _targets, targets, target, _target);
            for (int i = 0; i < _slice.Length; i++)
                _target[i] = double.IsNaN(forecasts[i]) ? double.NaN : _target[i];
            Add(target, forecasts, []);
        }

        private void Add(int target, double[] forecasts, Span<double> predictions) => metrics.Add(
            forecasts.AsSpan(0, _slice.Length), _target.AsSpan(0, _slice.Length), predictions,
            held.Units?.NaiveError(_slice.Sequence, target) ?? double.NaN,
            _sums.AsSpan(target * metrics.Numbers, metrics.Numbers));

        /// <summary>Brings values of one target, a column of rows, to its units.</summary>
        private void ToUnits(
            int target, ReadOnlySpan<float> rows, int width, int column, double[] destination,
            PredictedUnits kind = PredictedUnits.Value)
        {
            for (int i = 0; i < _slice.Length; i++)
                _gathered[i] = rows[(i * width) + column];
            held.ToUnits(_slice, target, _gathered.AsSpan(0, _slice.Length), destination, kind);
        }
    }
}
