namespace Orleans.Tbptt.Training.Metrics;

/// <summary>Elements of one target of one series, in order of time, next to what was predicted of them; none of them is masked.</summary>
public readonly ref struct ForecastElements
{
    /// <summary>The point forecasts, in the target's units.</summary>
    public required ReadOnlySpan<double> Outputs { get; init; }

    /// <summary>What came, as many.</summary>
    public required ReadOnlySpan<double> Targets { get; init; }

    /// <summary>
    /// All that was predicted of each element, in the target's units, <c>[elements × predictions of a target]</c>; empty where that is the
    /// point forecast alone.
    /// </summary>
    public ReadOnlySpan<double> Predictions { get; init; }

    /// <summary>The error of the naive forecast of the series over the rows to train on; NaN where nobody knows it.</summary>
    public required double NaiveError { get; init; }

    /// <summary>All that was predicted of one element, <c>[predictions of a target]</c>.</summary>
    /// <param name="element">Which element.</param>
    public ReadOnlySpan<double> Of(int element)
    {
        int width = Predictions.Length / Targets.Length;
        return Predictions.Slice(element * width, width);
    }
}
