using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// The way back from transformed columns: logarithms become values again. A difference stays one, because its error is that of the value
/// itself where the value before is known, one row ahead; the naive forecast of a value, the one before, is the difference 0.
/// What lies beyond float64, as e to the power 710 does, is the largest number that it has: errors stay numbers, however far off.
/// </summary>
/// <param name="statistics">Standardised the columns.</param>
/// <param name="transforms">What was made of each column before; null for nothing.</param>
internal sealed class TransformedUnits(ColumnStatistics statistics, IReadOnlyList<ColumnTransform?> transforms) : IColumnUnits
{
    /// <summary>The way back from values of columns to the units of the file.</summary>
    /// <param name="source">Says what is made of each column.</param>
    /// <param name="names">The columns.</param>
    /// <param name="statistics">What standardised them.</param>
    public static IColumnUnits Of(TableSource source, IReadOnlyList<string> names, ColumnStatistics statistics) =>
        source.Transform.Pairs.Count == 0 ? statistics : new TransformedUnits(statistics, [.. names.Select(source.TransformOf)]);

    /// <inheritdoc/>
    public bool IsDifference(int column) => transforms[column] == ColumnTransform.Difference;

    /// <inheritdoc/>
    public double Factor(int series, int column) =>
        transforms[column] is ColumnTransform.Log or ColumnTransform.Log1P ? double.NaN : statistics.Factor(series, column);

    /// <inheritdoc/>
    public void ToUnits(int series, long row, int column, ReadOnlySpan<float> values, Span<double> destination)
    {
        statistics.ToUnits(series, row, column, values, destination);
        if (transforms[column] is not (ColumnTransform.Log or ColumnTransform.Log1P))
            return;
        double less = transforms[column] == ColumnTransform.Log1P ? 1 : 0;
        foreach (ref double value in destination[..values.Length])
            value = Math.Min(PortableExponential.Of(value), double.MaxValue) - less;
    }
}
