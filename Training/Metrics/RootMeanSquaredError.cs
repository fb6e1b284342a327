namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The root of the mean squared error, in the target's units.</summary>
/// <remarks>
/// Errors beyond 1e154, which a forecast of logarithms can have, have squares beyond float64. So a second sum is of errors that were
/// multiplied by a power of two, which rounds nothing of errors so large; it is used where the first is infinite.
/// </remarks>
public sealed record RootMeanSquaredError : ValueMetric
{
    private const int Exponent = 600;

    private static readonly double Less = Math.ScaleB(1, -Exponent);

    /// <inheritdoc/>
    public override int Sums => 2;

    /// <inheritdoc/>
    public override string Name => "RMSE";

    /// <inheritdoc/>
    public override string About => "the root of the mean of (output − target)²";

    /// <inheritdoc/>
    public override void Add(ForecastElements elements, Span<double> sums)
    {
        (double sum, double small) = (sums[0], sums[1]);
        for (int i = 0; i < elements.Targets.Length; i++)
        {
            double error = elements.Outputs[i] - elements.Targets[i];
            sum += error * error;
            small += error * Less * (error * Less);
        }

        (sums[0], sums[1]) = (sum, small);
    }

    /// <inheritdoc/>
    public override double Value(ReadOnlySpan<double> sums, double count) => double.IsPositiveInfinity(sums[0]) && double.IsFinite(sums[1])
        ? Math.Min(Math.ScaleB(Math.Sqrt(sums[1] / count), Exponent), double.MaxValue)
        : Math.Sqrt(sums[0] / count);
}
