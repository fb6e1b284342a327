namespace Orleans.Tbptt.Data.Tables;

/// <summary>How many numbers of a column lie in each of 16 equal ranges from its smallest to its largest.</summary>
/// <param name="min">The smallest number.</param>
/// <param name="max">The largest number.</param>
internal sealed class ColumnHistogram(double min, double max)
{
    private const int Ranges = 16;

    // A range as wide as float64 can count has no finite width.
    private readonly double _scale = max > min && double.IsFinite(max - min) ? Ranges / (max - min) : 0;
    private readonly long[] _counts = new long[Ranges];

    /// <summary>The counts; none for a column of one number, or of none.</summary>
    public IReadOnlyList<long> Counts => _scale > 0 ? _counts : [];

    /// <summary>The histogram, where all numbers lie within its ranges; none where numbers beyond them have come.</summary>
    /// <param name="survey">What the column holds.</param>
    public ColumnHistogram Within(ColumnSurvey survey) => survey.Min < min || survey.Max > max ? new(0, 0) : this;

    /// <summary>Takes the next numbers; NaN is none.</summary>
    public void Add(ReadOnlySpan<double> numbers)
    {
        if (_scale == 0)
            return;
        foreach (double number in numbers)
        {
            if (!double.IsNaN(number))
                _counts[Math.Clamp((int)((number - min) * _scale), 0, Ranges - 1)]++;
        }
    }
}
