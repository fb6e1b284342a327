namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The mean over elements of a number of 0 or more.</summary>
/// <remarks>
/// The sum is of numbers that were multiplied by 2⁻⁶⁴, which rounds none but denormal ones, so that no sum overflows.
/// </remarks>
public abstract record MeanMetric : ValueMetric
{
    private const int Exponent = 64;

    private static readonly double Less = Math.ScaleB(1, -Exponent);

    /// <inheritdoc/>
    public sealed override void Add(ForecastElements elements, Span<double> sums)
    {
        double sum = sums[0];
        for (int i = 0; i < elements.Targets.Length; i++)
            sum += Of(elements, i) * Less;
        sums[0] = sum;
    }

    /// <inheritdoc/>
    public sealed override double Value(ReadOnlySpan<double> sums, double count) => double.IsFinite(sums[0])
        ? Math.Min(Math.ScaleB(sums[0] / count, Exponent), double.MaxValue)
        : sums[0];

    /// <summary>The number of one element.</summary>
    /// <param name="elements">The elements.</param>
    /// <param name="element">Which of them.</param>
    protected abstract double Of(ForecastElements elements, int element);
}
