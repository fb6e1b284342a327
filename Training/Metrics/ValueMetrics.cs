namespace Orleans.Tbptt.Training.Metrics;

/// <summary>Every figure that an evaluation of values gives.</summary>
public static class ValueMetrics
{
    /// <summary>The list. The first one ranks series.</summary>
    public static IReadOnlyList<ValueMetric> All { get; } = [new RootMeanSquaredError(), new MeanAbsoluteError()];

    /// <summary>Numbers in float64 that are kept of a target: how many elements, then the sums of each metric.</summary>
    internal static int Numbers { get; } = 1 + All.Sum(metric => metric.Sums);

    /// <summary>Adds elements of one target, in order of time, to how many there are and to the sums of each metric.</summary>
    /// <param name="outputs">What the network gave, in the target's units; changed here.</param>
    /// <param name="targets">What it should have given, as many; NaN where one is masked, which does not count. Changed here.</param>
    /// <param name="numbers">The numbers so far, <c>[Numbers]</c>.</param>
    internal static void Add(Span<double> outputs, Span<double> targets, Span<double> numbers)
    {
        int count = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            if (double.IsNaN(targets[i]))
                continue;
            (outputs[count], targets[count]) = (outputs[i], targets[i]);
            count++;
        }

        numbers[0] += count;
        for (int index = 0, at = 1; index < All.Count; index++)
        {
            // By index, because an enumerator would be allocated.
            var metric = All[index];
            metric.Add(outputs[..count], targets[..count], numbers.Slice(at, metric.Sums));
            at += metric.Sums;
        }
    }
}
