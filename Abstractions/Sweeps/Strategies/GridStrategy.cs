namespace Orleans.Tbptt.Sweeps.Strategies;

/// <summary>Every combination of values, the last parameter changing fastest.</summary>
public sealed record GridStrategy : SweepStrategy
{
    /// <inheritdoc/>
    public override string Word => "grid";

    /// <inheritdoc/>
    public override string About => "every combination of the values; a range of numbers needs `points`";

    /// <inheritdoc/>
    public override int Count(IReadOnlyList<SweepParameter> parameters) =>
        (int)Math.Min(int.MaxValue, parameters.Aggregate(1.0, (product, parameter) => product * (parameter.GridCount ?? 1)));

    /// <inheritdoc/>
    public override IReadOnlyList<double> Values(SweepSearch search, int trial, IReadOnlyList<SweepObservation> seen)
    {
        double[] values = new double[search.Parameters.Count];
        for (int i = values.Length - 1; i >= 0; i--)
        {
            int count = search.Parameters[i].GridCount!.Value;
            values[i] = search.Parameters[i].GridValue(trial % count);
            trial /= count;
        }

        return values;
    }
}
