namespace Orleans.Tbptt.Data.Csv;

/// <summary>The statistics that standardise each column of a table: <c>(value - Mean) / Deviation</c>.</summary>
/// <param name="Mean">The mean of each column; 0 when columns are left as they are.</param>
/// <param name="Deviation">
/// The population's standard deviation of each column; 1 for a constant one, and when columns are left as they are.
/// </param>
internal sealed record ColumnStatistics(double[] Mean, double[] Deviation)
{
    /// <summary>Leaves columns as they are.</summary>
    public static ColumnStatistics None(int width) => new(new double[width], [.. Enumerable.Repeat(1.0, width)]);

    /// <summary>
    /// The statistics of a table's first <paramref name="rows"/> rows, by Welford's recurrence: the textbook's Σx² − (Σx)²/n loses every
    /// digit of a column whose mean is far larger than its deviation.
    /// </summary>
    public static ColumnStatistics Of(FloatTable table, long rows)
    {
        int width = table.Width;
        var mean = new double[width];
        var squares = new double[width];
        table.Scan(0, rows, (first, block) =>
        {
            for (int i = 0; i < block.Length; i++)
            {
                int column = i % width;
                double count = first + (i / width) + 1;
                double delta = block[i] - mean[column];
                mean[column] += delta / count;
                squares[column] += delta * (block[i] - mean[column]);
            }
        });
        return new(mean, [.. squares.Select(sum => sum > 0 ? Math.Sqrt(sum / rows) : 1.0)]);
    }
}
