namespace Orleans.Tbptt.Training.Metrics;

/// <summary>How the labels that are predicted for whole sequences met those of the targets.</summary>
/// <param name="Edits">Labels that would have to be put in, left out or changed, at least, over all sequences.</param>
/// <param name="Labels">Labels of the targets.</param>
/// <param name="Wrong">Sequences of which any label is wrong.</param>
/// <param name="Sequences">All sequences.</param>
public sealed record LabelCounts(long Edits, long Labels, long Wrong, long Sequences)
{
    /// <summary>How many numbers stand for the counts.</summary>
    internal const int Numbers = 4;

    /// <summary>The counts that numbers stand for; null where no sequence was counted.</summary>
    internal static LabelCounts? Of(double[] numbers) => numbers[3] == 0 ? null
        : new((long)numbers[0], (long)numbers[1], (long)numbers[2], (long)numbers[3]);

    /// <summary>Counts a sequence.</summary>
    /// <param name="predicted">The labels that are predicted.</param>
    /// <param name="labels">Those that it has.</param>
    /// <param name="numbers">The numbers so far.</param>
    internal static void Add(ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels, Span<double> numbers)
    {
        int edits = LabelPath.Distance(predicted, labels);
        numbers[0] += edits;
        numbers[1] += labels.Length;
        numbers[2] += edits > 0 ? 1 : 0;
        numbers[3]++;
    }
}
