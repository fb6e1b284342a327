namespace Orleans.Tbptt.Training.Metrics;

/// <summary>The mean absolute error, in the target's units.</summary>
/// <remarks>The sum is of errors that were multiplied by 2⁻⁶⁴, which rounds none but denormal ones, so that no sum overflows.</remarks>
public sealed record MeanAbsoluteError : ValueMetric
{
    private const int Exponent = 64;

    private static readonly double Less = Math.ScaleB(1, -Exponent);

    /// <inheritdoc/>
    public override string Name => "MAE";

    /// <inheritdoc/>
    public override string About => "the mean of |output − target|";

    /// <inheritdoc/>
    public override void Add(ReadOnlySpan<double> outputs, ReadOnlySpan<double> targets, Span<double> sums)
    {
        double sum = sums[0];
        for (int i = 0; i < targets.Length; i++)
            sum += Math.Abs(outputs[i] - targets[i]) * Less;
        sums[0] = sum;
    }

    /// <inheritdoc/>
    public override double Value(ReadOnlySpan<double> sums, double count) => double.IsFinite(sums[0])
        ? Math.Min(Math.ScaleB(sums[0] / count, Exponent), double.MaxValue)
        : sums[0];
}
