namespace Orleans.Tbptt.Data.Tables;

/// <summary>Count, mean and squared deviations of some numbers in float64; NaN is no number and does not count.</summary>
/// <param name="Count">How many numbers.</param>
/// <param name="Mean">Their mean; 0 for none.</param>
/// <param name="Squares">The sum of the squares of their differences from the mean.</param>
internal readonly record struct Moments(long Count, double Mean, double Squares)
{
    /// <summary>The population's standard deviation; 0 for a constant, and for no number.</summary>
    public double Deviation => Count > 0 && Squares > 0 ? Math.Sqrt(Squares / Count) : 0;

    /// <summary>
    /// The moments of numbers: first the mean, then the differences from it. The textbook's Σx² − (Σx)²/n loses every digit of a column
    /// whose mean is far larger than its deviation.
    /// </summary>
    public static Moments Of(ReadOnlySpan<double> numbers)
    {
        long count = 0;
        double sum = 0;
        foreach (double number in numbers)
        {
            if (!double.IsNaN(number))
            {
                sum += number;
                count++;
            }
        }

        if (count == 0)
            return default;
        double mean = sum / count, squares = 0;
        foreach (double number in numbers)
        {
            if (!double.IsNaN(number))
                squares += (number - mean) * (number - mean);
        }

        return new(count, mean, squares);
    }

    /// <summary>The moments of both (Chan, Golub and LeVeque, 1979).</summary>
    public Moments And(Moments other)
    {
        if (Count == 0)
            return other;
        if (other.Count == 0)
            return this;
        long count = Count + other.Count;
        double difference = other.Mean - Mean;
        double share = (double)other.Count / count;
        return new(count, Mean + (difference * share), Squares + other.Squares + (difference * difference * Count * share));
    }
}

/// <summary>The numbers that standardise each column: <c>(value - Mean) / Deviation</c>, computed in float64.</summary>
/// <param name="Mean">The mean of each column over the rows to train on; 0 when columns are left as they are.</param>
/// <param name="Deviation">
/// The population's standard deviation of each column; 1 for a constant one, and when columns are left as they are.
/// </param>
internal sealed record ColumnStatistics(double[] Mean, double[] Deviation)
{
    /// <summary>Leaves columns as they are.</summary>
    public static ColumnStatistics None(int width) => new(new double[width], [.. Enumerable.Repeat(1.0, width)]);

    /// <summary>Standardises by moments.</summary>
    public static ColumnStatistics Of(IReadOnlyList<Moments> columns) =>
        new([.. columns.Select(one => one.Mean)], [.. columns.Select(one => one.Deviation > 0 ? one.Deviation : 1.0)]);

    /// <summary>A value as it is trained on.</summary>
    public float Scale(int column, double value) => (float)((value - Mean[column]) / Deviation[column]);
}
