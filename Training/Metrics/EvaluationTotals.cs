using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>What all trainers have summed up in an evaluation, brought together in a fixed order.</summary>
/// <param name="part">The part that is held out.</param>
/// <param name="held">Its sequences.</param>
/// <param name="names">The names of the targets, in order; empty where they have none.</param>
/// <param name="targets">Values of a target; 0 where targets are classes.</param>
/// <param name="lanes">Lanes of the run.</param>
/// <param name="metrics">The figures of each target.</param>
public sealed class EvaluationTotals(
    HeldOutPart part, ISequenceSet held, IReadOnlyList<string> names, int targets, int lanes, ValueMetrics metrics)
{
    /// <summary>
    /// Sums of so many groups and targets are kept, at most: what passes in one message. Where there are more series and targets, series
    /// are not kept apart; where there are more lanes and targets, the last targets are left out.
    /// </summary>
    internal const int MostKept = 1 << 20;

    private readonly SortedDictionary<int, double[]> _groups = [];
    private readonly int _kept = Kept(held, targets, lanes);
    private readonly int _width = Kept(held, targets, lanes) * metrics.Numbers;
    private readonly bool _areClasses;
    private readonly bool _areLabels;

    /// <summary>Totals of a part of data that is held out.</summary>
    /// <param name="data">The data.</param>
    /// <param name="part">The part.</param>
    /// <param name="lanes">Lanes of the run.</param>
    /// <param name="loss">Says what is predicted, and whether classes are labels of sequences (<see cref="LossSpec.BlankClass"/>).</param>
    public EvaluationTotals(IDataSource data, HeldOutPart part, int lanes, LossSpec loss)
        : this(
            part, data.HeldOut(part)!, data.Description.Targets, data.Shape, lanes, ValueMetrics.Of(loss), loss.BlankClass is not null)
    {
    }

    /// <summary>Totals of sequences.</summary>
    /// <param name="part">What they are held out for.</param>
    /// <param name="held">The sequences.</param>
    /// <param name="names">The names of the targets, in order; empty where they have none.</param>
    /// <param name="shape">The shape of a time step.</param>
    /// <param name="lanes">Lanes of the run.</param>
    /// <param name="metrics">The figures of each target that is a value.</param>
    /// <param name="areLabels">Whether classes are labels of sequences.</param>
    internal EvaluationTotals(
        HeldOutPart part, ISequenceSet held, IReadOnlyList<string> names, DataShape shape, int lanes, ValueMetrics metrics, bool areLabels)
        : this(part, held, names, shape.TargetFeatures, lanes, metrics)
    {
        _areLabels = areLabels;
        _areClasses = !_areLabels && ClassCounts.Numbers(shape.Classes) > 0;
        if (_areLabels || _areClasses)
            _width = _areLabels ? LabelCounts.Numbers : ClassCounts.Numbers(shape.Classes);
    }

    /// <summary>The part that is held out.</summary>
    public HeldOutPart Part => part;

    /// <summary>Its sequences.</summary>
    public ISequenceSet Held => held;

    /// <summary>The figures of each target that is a value.</summary>
    public IReadOnlyList<ValueMetric> Metrics => metrics.All;

    /// <summary>The targets whose errors are known: all, or the first ones.</summary>
    public int Targets => _kept;

    /// <summary>Time steps of all sequences.</summary>
    public long Steps => Enumerable.Range(0, held.Count).Sum(sequence => (long)held.Length(sequence));

    /// <summary>The series whose figures are known apart, by their place among the held-out sequences, in order.</summary>
    public IReadOnlyCollection<int> Series => !_areClasses && !_areLabels && IsBySeries(held, targets) ? _groups.Keys : (int[])[];

    /// <summary>How classes were predicted; null for targets that are values, or all masked, and for too many classes.</summary>
    public ClassCounts? Classes => _areClasses ? ClassCounts.Of(Total(0, _width)) : null;

    /// <summary>How label sequences were predicted; null for targets that are none.</summary>
    public LabelCounts? Labels => _areLabels ? LabelCounts.Of(Total(0, _width)) : null;

    /// <summary>
    /// Target elements that the figures are over, without masked ones; null where they are not counted. A loss may divide by something
    /// else than their number.
    /// </summary>
    public long? Elements => _areLabels || _areClasses ? Labels?.Labels ?? Classes?.Count
        : targets > 0 && _kept == targets ? Enumerable.Range(0, targets).Sum(target => Of(target)?.Count ?? 0) : null;

    /// <summary>The name of the target that classes are of; empty for none.</summary>
    public string ClassTarget => names.Count > 0 ? names[0] : "";

    /// <summary>Whether an evaluation keeps series apart.</summary>
    internal static bool IsBySeries(ISequenceSet held, int targets) =>
        held.Count > 0 && held.SeriesOf(0) is not null && (long)held.Count * targets <= MostKept;

    /// <summary>How many targets an evaluation sums up.</summary>
    internal static int Kept(ISequenceSet held, int targets, int lanes) =>
        IsBySeries(held, targets) ? targets : Math.Min(targets, Math.Max(1, MostKept / lanes));

    /// <summary>Takes what a trainer has summed up; no other trainer has any of its groups.</summary>
    public void Take(GroupSums some)
    {
        ArgumentNullException.ThrowIfNull(some);
        if (some.Values.Count != some.Groups.Count * _width)
        {
            throw new InvalidDataException(
                $"found {some.Values.Count} sums of {some.Groups.Count} groups, expected {some.Groups.Count * _width}");
        }

        for (int i = 0; i < some.Groups.Count; i++)
        {
            var sums = new double[_width];
            for (int at = 0; at < _width; at++)
                sums[at] = some.Values[(i * _width) + at];
            _groups[some.Groups[i]] = sums;
        }
    }

    /// <summary>The name of a target.</summary>
    public string NameOf(int target) => target < names.Count ? names[target] : targets == 1 ? "" : $"output {target + 1}";

    /// <summary>The name of a series.</summary>
    public string NameOfSeries(int series) => held.SeriesOf(series) ?? "";

    /// <summary>The error of the naive forecast of a target, in its units; null where there is none.</summary>
    public double? NaiveRmse(int target) => held.Units?.NaiveRmse(target);

    /// <summary>Every figure of a target over all sequences; null where every element of it is masked.</summary>
    public TargetFigures? Of(int target) => TargetFigures.Of(Total(target * metrics.Numbers, metrics.Numbers), metrics);

    /// <summary>Every figure of a target over one series; null where every element of it is masked.</summary>
    public TargetFigures? Of(int series, int target) =>
        TargetFigures.Of(_groups[series].AsSpan(target * metrics.Numbers, metrics.Numbers), metrics);

    /// <summary>Some sums, over all groups in their order.</summary>
    private double[] Total(int from, int count)
    {
        var total = new double[count];
        foreach (double[] sums in _groups.Values)
        {
            for (int i = 0; i < count; i++)
                total[i] += sums[from + i];
        }

        return total;
    }
}

/// <summary>The figures of one target.</summary>
/// <param name="Count">Elements that they are over, without masked ones.</param>
/// <param name="Values">The values, in the order of <see cref="ValueMetrics.All"/>; NaN for one that is not defined.</param>
public sealed record TargetFigures(long Count, IReadOnlyList<double> Values)
{
    /// <summary>The figures of sums.</summary>
    /// <param name="numbers">How many elements, then the sums of each metric.</param>
    /// <param name="metrics">The metrics.</param>
    internal static TargetFigures? Of(ReadOnlySpan<double> numbers, ValueMetrics metrics)
    {
        if (numbers[0] == 0)
            return null;
        var values = new List<double>();
        int at = 1;
        foreach (var metric in metrics.All)
        {
            values.Add(metric.Value(numbers.Slice(at, metric.Sums), numbers[0]));
            at += metric.Sums;
        }

        return new((long)numbers[0], values);
    }
}
