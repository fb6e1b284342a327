namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The mean of the F1 of each class, every class with the same weight.</summary>
/// <remarks>
/// F1 = 2 · hits / (elements of the class + predictions of it), the harmonic mean of precision and recall (van Rijsbergen, Information
/// Retrieval, 1979). The mean is over the classes that are a target or are predicted, as in scikit-learn's
/// <c>f1_score(average="macro")</c>: of these none has a denominator of 0. It is summed in the order of the classes.
/// </remarks>
public sealed record MacroF1 : ClassMetric
{
    /// <inheritdoc/>
    public override string Name => "macro-F1";

    /// <inheritdoc/>
    public override string About => "the mean over classes of 2 · hits / (elements of the class + predictions of it)";

    /// <inheritdoc/>
    public override double Value(ClassCounts counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        double sum = 0;
        int classes = 0;
        for (int one = 0; one < counts.Hits.Count; one++)
        {
            long all = counts.Targets[one] + counts.Predictions[one];
            if (all == 0)
                continue;
            sum += 2.0 * counts.Hits[one] / all;
            classes++;
        }

        return sum / classes;
    }
}
