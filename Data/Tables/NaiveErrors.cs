using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// The mean absolute error, in the units of the file, of forecasting each row to train on by the row a season before it, or the row before
/// it where there is no season: what a forecast's errors are scaled by.
/// </summary>
/// <param name="values">
/// That of each target, <c>[targets]</c>, or <c>[series × targets]</c> where each series is standardised by itself; NaN where there is
/// none.
/// </param>
/// <param name="targets">How many targets there are.</param>
internal sealed class NaiveErrors(IReadOnlyList<double> values, int targets)
{
    private readonly bool _isPerSeries = values.Count > targets;

    /// <summary>The error.</summary>
    /// <param name="series">The series; 0 in a table without series.</param>
    /// <param name="target">Which target.</param>
    public double Of(int series, int target) => values[((_isPerSeries ? series : 0) * targets) + target];

    /// <summary>Those of another table, which was trained on.</summary>
    /// <param name="trained">What was trained on.</param>
    /// <param name="names">The targets.</param>
    /// <param name="order">The series of the table that is read now.</param>
    /// <param name="isPerSeries">Whether each series is standardised by itself.</param>
    public static NaiveErrors OfTrained(SourceDescription trained, IReadOnlyList<string> names, RowOrder order, bool isPerSeries)
    {
        var known = new Dictionary<(string? Series, string Column), double?>();
        foreach (ColumnDescription column in trained.Columns)
            known.TryAdd((column.Series, column.Name), column.NaiveError);
        IEnumerable<string?> series = isPerSeries ? order.Names : Enumerable.Repeat<string?>(null, 1);
        return new([.. series.SelectMany(one => names.Select(name => known.GetValueOrDefault((one, name)) ?? double.NaN))], names.Count);
    }

    /// <summary>Computes those of a table.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="table">The rows as they are trained on, series by series.</param>
    /// <param name="rows">How many rows each series has.</param>
    /// <param name="trained">How many of them are trained on.</param>
    /// <param name="units">Brings values back to the units of the file.</param>
    /// <param name="season">Rows of a season; null for none.</param>
    /// <param name="isPerSeries">Whether each series is standardised by itself.</param>
    public static NaiveErrors Of(
        UsedColumns columns, FloatTable table, IReadOnlyList<long> rows, IReadOnlyList<long> trained, IColumnUnits units, int? season,
        bool isPerSeries)
    {
        int targets = columns.Targets.Count, back = season ?? 1;
        var sums = new double[(isPerSeries ? rows.Count : 1) * targets];
        var counts = new long[sums.Length];
        float[] earlier = [], values = [];
        double[] before = [], after = [];
        long start = 0;
        for (int series = 0; series < rows.Count; series++)
        {
            int first = isPerSeries ? series * targets : 0, one = series;
            table.Scan(start + back, Math.Max(0, trained[series] - back), (row, block) =>
            {
                int count = block.Length / table.Width;
                if (values.Length < count)
                {
                    (earlier, values) = (new float[block.Length], new float[count]);
                    (before, after) = (new double[count], new double[count]);
                }

                table.Read(row - back, earlier.AsSpan(0, block.Length));
                for (int target = 0; target < targets; target++)
                {
                    int column = columns.Targets[target];
                    if (season is null && units.IsDifference(column))
                        Array.Clear(before);
                    else
                        ToUnits(row - back, column, earlier.AsSpan(0, block.Length), before.AsSpan(0, count));
                    ToUnits(row, column, block, after.AsSpan(0, count));
                    for (int i = 0; i < count; i++)
                    {
                        double error = Math.Abs(after[i] - before[i]);

                        // A missing value is compared with none.
                        if (double.IsNaN(error))
                            continue;
                        sums[first + target] += error;
                        counts[first + target]++;
                    }
                }
            });
            start += rows[series];

            void ToUnits(long row, int column, ReadOnlySpan<float> block, Span<double> destination)
            {
                for (int i = 0; i < destination.Length; i++)
                    values[i] = block[(i * table.Width) + column];
                units.ToUnits(one, row, column, values.AsSpan(0, destination.Length), destination);
            }
        }

        return new([.. sums.Zip(counts, (sum, count) => count == 0 ? double.NaN : Math.Min(sum / count, double.MaxValue))], targets);
    }
}
