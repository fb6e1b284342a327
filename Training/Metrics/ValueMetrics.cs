using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The figures that an evaluation of values gives: those of what a loss predicts.</summary>
public sealed class ValueMetrics
{
    /// <summary>So many figures of a target there are at most.</summary>
    public const int Most = 7 + LevelCoverage.MostLevels;

    private ValueMetrics(IReadOnlyList<ValueMetric> all) => (All, Numbers) = (all, 1 + all.Sum(metric => metric.Sums));

    /// <summary>The errors that forecasts without a model are compared by.</summary>
    public static ValueMetrics Errors { get; } = new([new RootMeanSquaredError(), new MeanAbsoluteError()]);

    /// <summary>The list. The first one ranks series.</summary>
    public IReadOnlyList<ValueMetric> All { get; }

    /// <summary>Numbers in float64 that are kept of a target: how many elements, then the sums of each metric.</summary>
    internal int Numbers { get; }

    /// <summary>The figures of what a loss predicts.</summary>
    /// <param name="loss">The loss; of values.</param>
    public static ValueMetrics Of(LossSpec loss)
    {
        ArgumentNullException.ThrowIfNull(loss);

        // A share of a probability says nothing.
        bool isProbability = loss.Predictions.Any(one => one.Link == OutputLink.Sigmoid);
        return new(
            [
                .. Errors.All, .. isProbability ? Array.Empty<ValueMetric>() : [new SymmetricPercentageError(), new ScaledError()],
                .. loss.IsDistribution ? [new RankedProbabilityScore(loss)] : Array.Empty<ValueMetric>(),
                .. loss.Levels.Count > 0 ? [new PinballLoss(loss)] : Array.Empty<ValueMetric>(),
                .. loss.Coverage is null ? Array.Empty<ValueMetric>() : [new IntervalCoverage(loss)],
                .. loss.Levels.Count > LevelCoverage.MostLevels ? [] : loss.Levels.Select((_, i) => new LevelCoverage(loss, i)),
            ]);
    }

    /// <summary>
    /// Adds elements of one target of one series, in order of time, to how many there are and to the sums of each metric.
    /// </summary>
    /// <param name="outputs">The point forecasts, in the target's units; changed here.</param>
    /// <param name="targets">What came, as many; NaN where one is masked, which does not count. Changed here.</param>
    /// <param name="predictions">
    /// All that was predicted, <c>[elements × predictions of a target]</c>, empty where that is the point forecast alone. Changed here.
    /// </param>
    /// <param name="naiveError">The error of the series' naive forecast over the rows to train on; NaN for none.</param>
    /// <param name="numbers">The numbers so far, <c>[Numbers]</c>.</param>
    internal void Add(
        Span<double> outputs, Span<double> targets, Span<double> predictions, double naiveError, Span<double> numbers)
    {
        int count = 0, width = targets.Length == 0 ? 0 : predictions.Length / targets.Length;
        for (int i = 0; i < targets.Length; i++)
        {
            if (double.IsNaN(targets[i]))
                continue;
            (outputs[count], targets[count]) = (outputs[i], targets[i]);
            if (i > count)
                predictions.Slice(i * width, width).CopyTo(predictions[(count * width)..]);
            count++;
        }

        numbers[0] += count;
        if (count == 0)
            return;
        var elements = new ForecastElements
        {
            Outputs = outputs[..count], Targets = targets[..count], Predictions = predictions[..(count * width)], NaiveError = naiveError,
        };
        for (int index = 0, at = 1; index < All.Count; index++)
        {
            // By index, because an enumerator would be allocated.
            var metric = All[index];
            metric.Add(elements, numbers.Slice(at, metric.Sums));
            at += metric.Sums;
        }
    }
}
