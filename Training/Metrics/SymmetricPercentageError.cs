namespace Orleans.Tbptt.Training.Metrics;

/// <summary>
/// The symmetric mean absolute percentage error as the M4 competition defines it (Makridakis, Spiliotis and Assimakopoulos, 2020): from 0
/// to 200, and 0 of an element whose output and target are both 0.
/// </summary>
public sealed record SymmetricPercentageError : MeanMetric
{
    /// <inheritdoc/>
    public override string Name => "sMAPE";

    /// <inheritdoc/>
    public override string About => "the mean of 200 · |output − target| / (|output| + |target|), of 0 and 0 it is 0";

    /// <inheritdoc/>
    protected override double Of(ForecastElements elements, int element)
    {
        // Halves, because a sum of the largest numbers would be infinite.
        double output = elements.Outputs[element] / 2, target = elements.Targets[element] / 2, sum = Math.Abs(output) + Math.Abs(target);
        return sum == 0 ? 0 : 200 * (Math.Abs(output - target) / sum);
    }
}
