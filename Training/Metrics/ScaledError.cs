namespace Orleans.Tbptt.Training.Metrics;

/// <summary>
/// The mean absolute scaled error (Hyndman and Koehler, "Another look at measures of forecast accuracy", 2006), as in the M4 competition:
/// the absolute error over that of forecasting each row to train on by the row a season before it, or the row before it where there is no
/// season. Below 1 a forecast is better than that one was.
/// </summary>
/// <remarks>A mean over elements; elements of a series whose naive error is 0, or is not known, have no part in it.</remarks>
public sealed record ScaledError : ValueMetric
{
    /// <inheritdoc/>
    public override int Sums => 2;

    /// <summary>Where the naive error of every series is 0, or not known.</summary>
    public override bool MayBeUndefined => true;

    /// <inheritdoc/>
    public override string Name => "MASE";

    /// <inheritdoc/>
    public override string About => "the mean of |output − target| over the naive forecast's mean absolute error in the rows to train on";

    /// <inheritdoc/>
    public override void Add(ForecastElements elements, Span<double> sums)
    {
        if (!(elements.NaiveError > 0))
            return;
        double sum = sums[0];
        for (int i = 0; i < elements.Targets.Length; i++)
            sum += Math.Abs(elements.Outputs[i] - elements.Targets[i]) / elements.NaiveError;
        (sums[0], sums[1]) = (sum, sums[1] + elements.Targets.Length);
    }

    /// <inheritdoc/>
    public override double Value(ReadOnlySpan<double> sums, double count) =>
        sums[1] == 0 ? double.NaN : Math.Min(sums[0] / sums[1], double.MaxValue);
}
