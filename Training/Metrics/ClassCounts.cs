using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>How predicted classes met those of the targets.</summary>
/// <param name="Count">Elements, without masked ones.</param>
/// <param name="Hits">Of each class, the elements that are of it and were predicted so.</param>
/// <param name="Predictions">Of each class, how often it was predicted.</param>
/// <param name="Targets">Of each class, the elements that are of it.</param>
public sealed record ClassCounts(
    long Count, IReadOnlyList<long> Hits, IReadOnlyList<long> Predictions, IReadOnlyList<long> Targets)
{
    private const int Lists = 3;

    /// <summary>How many numbers stand for the counts: none where they would not pass in a message, because there are too many.</summary>
    internal static int Numbers(int classes) =>
        classes > 0 && 1 + ((long)Lists * classes) <= EvaluationTotals.MostKept ? 1 + (Lists * classes) : 0;

    /// <summary>The counts that numbers stand for.</summary>
    /// <param name="numbers">Elements, then hits, predictions and targets of each class.</param>
    /// <returns>Null where every element is masked.</returns>
    internal static ClassCounts? Of(double[] numbers)
    {
        int classes = (numbers.Length - 1) / Lists;
        return numbers.Length == 0 || numbers[0] == 0 ? null : new((long)numbers[0], Part(0), Part(1), Part(2));

        long[] Part(int list) => [.. numbers.Skip(1 + (list * classes)).Take(classes).Select(number => (long)number)];
    }

    /// <summary>Counts elements.</summary>
    /// <param name="predicted">
    /// The class that is predicted for each; one that the data do not have is a miss of the target's class alone.
    /// </param>
    /// <param name="targets">The class that each has; <see cref="Data.DataShape.MaskedClass"/> for none, which does not count.</param>
    /// <param name="numbers">The numbers so far.</param>
    /// <param name="ignored">A class whose targets do not count (<see cref="LossSpec.IgnoredTarget"/>); null for none.</param>
    internal static void Add(ReadOnlySpan<int> predicted, ReadOnlySpan<long> targets, Span<double> numbers, long? ignored = null)
    {
        int classes = (numbers.Length - 1) / Lists;
        for (int i = 0; i < targets.Length; i++)
        {
            if (targets[i] == Data.DataShape.MaskedClass || targets[i] == ignored)
                continue;
            int target = (int)targets[i];
            numbers[0]++;
            if (target == predicted[i])
                numbers[1 + target]++;

            // A model may have outputs for more classes than the data.
            if (predicted[i] < classes)
                numbers[1 + classes + predicted[i]]++;
            numbers[1 + (2 * classes) + target]++;
        }
    }
}
