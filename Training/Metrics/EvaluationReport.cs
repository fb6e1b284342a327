using System.Globalization;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>
/// The figures of an evaluation as events and statuses have them: all where they are few; where they are many, those of the first targets,
/// and of the series with the largest and the smallest errors. A table has all of them.
/// </summary>
public static class EvaluationReport
{
    /// <summary>The targets whose figures an event has, at most.</summary>
    public const int MostTargets = 32;

    /// <summary>The figures of single series that an event has, at most: one for each series and target.</summary>
    public const int MostSeries = 24;

    private const int RankedTargets = 4;
    private const int Ranked = MostSeries / RankedTargets / 2;

    /// <summary>Whether an event has every figure.</summary>
    public static bool HasAll(EvaluationTotals totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return totals.Targets <= MostTargets && (long)totals.Series.Count * totals.Targets <= MostSeries;
    }

    /// <summary>What an evaluation gave.</summary>
    /// <param name="totals">The evaluation.</param>
    /// <param name="lossSum">The loss summed over all elements.</param>
    /// <param name="weight">How many elements, without masked ones.</param>
    public static HeldOutFigures Of(EvaluationTotals totals, double lossSum, double weight)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return new(lossSum / weight, new(totals.Held.Count, totals.Steps, totals.Elements ?? (long)weight), Of(totals));
    }

    /// <summary>The figures that an event has.</summary>
    /// <param name="totals">The evaluation.</param>
    public static IReadOnlyList<Metric> Of(EvaluationTotals totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        var (kind, part) = (KindOf(totals.Part), WordOf(totals.Part));

        // That of validation has had no word before it since there was no test.
        string baseline = totals.Part == HeldOutPart.Test ? $"{part} " : "";
        var all = new List<Metric>();
        for (int target = 0; target < Math.Min(totals.Targets, MostTargets); target++)
        {
            if (totals.Of(target) is not { } figures)
                continue;
            Add(figures, target, null);
            if (totals.NaiveRmse(target) is { } naive)
                all.Add(new($"{baseline}naive last-value RMSE", naive, totals.NameOf(target), MetricKind.Baseline));
        }

        foreach (var (series, target) in Shown(totals))
        {
            if (totals.Of(series, target) is { } figures)
                Add(figures, target, totals.NameOfSeries(series));
        }

        if (totals.Classes is { } classes)
        {
            all.AddRange(ClassMetrics.All.Select(
                metric => new Metric($"{part} {metric.Name}", metric.Value(classes), totals.ClassTarget, kind, Count: classes.Count)));
        }

        if (totals.Labels is { } labels)
        {
            all.AddRange(LabelMetrics.All.Select(
                metric => new Metric($"{part} {metric.Name}", metric.Value(labels), totals.ClassTarget, kind, Count: labels.Labels)));
        }

        return all;

        void Add(TargetFigures figures, int target, string? series)
        {
            foreach (var (metric, value) in totals.Metrics.Zip(figures.Values).Where(one => !IsUndefined(one.First, one.Second)))
                all.Add(new($"{part} {metric.Name}", value, totals.NameOf(target), kind, series, figures.Count));
        }
    }

    /// <summary>Whether a figure is left out, because it is not defined.</summary>
    /// <param name="metric">The figure.</param>
    /// <param name="value">Its value.</param>
    public static bool IsUndefined(ValueMetric metric, double value)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return metric.MayBeUndefined && double.IsNaN(value);
    }

    /// <summary>What the figures of a part are derived from.</summary>
    public static MetricKind KindOf(HeldOutPart part) => part == HeldOutPart.Test ? MetricKind.Test : MetricKind.Validation;

    /// <summary>The word of a part, which stands before the names of its figures.</summary>
    public static string WordOf(HeldOutPart part) => part == HeldOutPart.Test ? "test" : "validation";

    /// <summary>Writes every figure as a table in CSV: first those over all sequences, then those of each series.</summary>
    /// <param name="totals">The evaluation.</param>
    /// <param name="output">Where to.</param>
    public static void Write(EvaluationTotals totals, TextWriter output) => Write(totals, output, []);

    /// <summary>Writes every figure as a table in CSV, with those of other forecasts of the same targets in further columns.</summary>
    /// <param name="totals">The evaluation.</param>
    /// <param name="output">Where to.</param>
    /// <param name="others">The other forecasts, by the word that stands before the names of their figures.</param>
    public static void Write(EvaluationTotals totals, TextWriter output, IReadOnlyList<(string Name, EvaluationTotals Totals)> others)
    {
        ArgumentNullException.ThrowIfNull(totals);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(others);
        if (totals.Classes is { } classes)
        {
            OneLine(classes.Count, ClassMetrics.All.Select(metric => (metric.Name, metric.Value(classes))));
            return;
        }

        if (totals.Labels is { } labels)
        {
            OneLine(labels.Labels, LabelMetrics.All.Select(metric => (metric.Name, metric.Value(labels))));
            return;
        }

        output.Write($"series,target,elements,{string.Join(',', totals.Metrics.Select(metric => metric.Name).Concat(
            others.SelectMany(other => other.Totals.Metrics.Select(metric => $"{other.Name} {metric.Name}"))))}\n");
        for (int target = 0; target < totals.Targets; target++)
            Line("", target, totals.Of(target), other => other.Of(target));
        foreach (int series in totals.Series)
        {
            for (int target = 0; target < totals.Targets; target++)
                Line(totals.NameOfSeries(series), target, totals.Of(series, target), other => other.Of(series, target));
        }

        void OneLine(long count, IEnumerable<(string Name, double Value)> figures)
        {
            output.Write($"target,elements,{string.Join(',', figures.Select(figure => figure.Name))}\n");
            output.Write(string.Create(CultureInfo.InvariantCulture, $"{Cell(totals.ClassTarget)},{count},"));
            output.Write(string.Join(',', figures.Select(figure => figure.Value.ToString("R", CultureInfo.InvariantCulture))) + "\n");
        }

        void Line(string series, int target, TargetFigures? figures, Func<EvaluationTotals, TargetFigures?> figuresOf)
        {
            if (figures is null)
                return;
            var all = Texts(totals, figures).Concat(others.SelectMany(
                other => figuresOf(other.Totals) is { } own ? Texts(other.Totals, own) : other.Totals.Metrics.Select(_ => "")));
            string values = string.Join(',', all);
            output.Write(string.Create(
                CultureInfo.InvariantCulture, $"{Cell(series)},{Cell(totals.NameOf(target))},{figures.Count},{values}\n"));
        }
    }

    /// <summary>The series and targets that are shown: all where they are few; else the worst and the best of some targets.</summary>
    private static IEnumerable<(int Series, int Target)> Shown(EvaluationTotals totals)
    {
        if ((long)totals.Series.Count * totals.Targets <= MostSeries)
        {
            return from series in totals.Series
                   from target in Enumerable.Range(0, totals.Targets)
                   select (series, target);
        }

        return Enumerable.Range(0, Math.Min(totals.Targets, RankedTargets)).SelectMany(target => Extremes(totals, target));
    }

    private static IEnumerable<(int Series, int Target)> Extremes(EvaluationTotals totals, int target)
    {
        // A sort is stable: of equal errors, the first series comes first.
        int[] ranked =
        [
            .. totals.Series.Select(series => (Series: series, Figures: totals.Of(series, target))).Where(one => one.Figures is not null)
                .OrderByDescending(one => one.Figures!.Values[0]).Select(one => one.Series),
        ];
        return ranked.Take(Ranked).Concat(ranked.Skip(Math.Max(Ranked, ranked.Length - Ranked))).Select(series => (series, target));
    }

    private static IEnumerable<string> Texts(EvaluationTotals totals, TargetFigures figures) => totals.Metrics.Zip(figures.Values)
        .Select(one => IsUndefined(one.First, one.Second) ? "" : one.Second.ToString("R", CultureInfo.InvariantCulture));

    private static string Cell(string text) => text.AsSpan().ContainsAny(',', '"', '\n') || text.Contains('\r', StringComparison.Ordinal)
        ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : text;
}
