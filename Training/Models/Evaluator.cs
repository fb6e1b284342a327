using Orleans.Tbptt.Data;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Training.Models;

/// <summary>Compares a trained model's forecasts with targets that are known: the figures of a run's test, on any data.</summary>
public static class Evaluator
{
    /// <summary>How many sequences are computed at a time: a part of the order in which losses are summed.</summary>
    private const int Lanes = 32;

    private const int Chunk = 256;

    /// <summary>Evaluates a model, its hidden state zero before each sequence.</summary>
    /// <param name="package">The model; its targets are values.</param>
    /// <param name="data">All of it is held out.</param>
    /// <returns>The errors of each target and series, and the loss.</returns>
    public static (EvaluationTotals Totals, HeldOutFigures Figures) Evaluate(ModelPackage package, IDataSource data)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(data);
        var held = data.Validation ?? data.Training;
        int targets = data.Shape.TargetFeatures;
        using var predictor = new SequencePredictor(package.Spec, data.Shape, package.Parameters.Span);
        var sums = new SequenceSums(held, targets);
        var (lossSum, weight) = predictor.Run(
            held, Lanes, Chunk, new float[(long)held.Count * predictor.HiddenLength], (slice, outputs) => sums.Add(slice, outputs));
        var totals = new EvaluationTotals(HeldOutPart.Test, held, package.Config.Targets, targets, lanes: 1);
        totals.Take(sums.Groups);
        return (totals, EvaluationReport.Of(totals, lossSum, weight));
    }

    /// <summary>What metrics need of each sequence; where sequences are no series, all are one group.</summary>
    private sealed class SequenceSums(ISequenceSet held, int targets)
    {
        private readonly bool _bySeries = EvaluationTotals.IsBySeries(held, targets);
        private readonly int _width = targets * ValueMetrics.Numbers;
        private readonly SortedDictionary<int, double[]> _groups = [];
        private readonly float[] _targets = new float[Chunk * targets];
        private readonly float[] _gathered = new float[Chunk];
        private readonly double[] _output = new double[Chunk];
        private readonly double[] _target = new double[Chunk];

        public GroupSums Groups => new([.. _groups.Keys], [.. _groups.Values.SelectMany(sums => sums)]);

        public void Add(SequenceSlice slice, ReadOnlySpan<float> outputs)
        {
            int group = _bySeries ? slice.Sequence : 0;
            if (!_groups.TryGetValue(group, out double[]? sums))
                _groups.Add(group, sums = new double[_width]);
            var known = _targets.AsSpan(0, slice.Length * targets);
            held.ReadTargets(slice, known);
            for (int target = 0; target < targets; target++)
            {
                ToUnits(slice, target, known, _target);
                ToUnits(slice, target, outputs, _output);
                ValueMetrics.Add(
                    _output.AsSpan(0, slice.Length), _target.AsSpan(0, slice.Length),
                    sums.AsSpan(target * ValueMetrics.Numbers, ValueMetrics.Numbers));
            }
        }

        private void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> rows, double[] destination)
        {
            for (int i = 0; i < slice.Length; i++)
                _gathered[i] = rows[(i * targets) + target];
            if (held.Units is { } units)
            {
                units.ToUnits(slice, target, _gathered.AsSpan(0, slice.Length), destination.AsSpan(0, slice.Length));
                return;
            }

            for (int i = 0; i < slice.Length; i++)
                destination[i] = _gathered[i];
        }
    }
}
