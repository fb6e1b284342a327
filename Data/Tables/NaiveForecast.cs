using Orleans.Tbptt.Data.Streams;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>The error of forecasting the last known value, with which a model's error is compared.</summary>
internal static class NaiveForecast
{
    /// <summary>
    /// The root mean squared error of each target over rows, in its units; null for a target that is no input, and where every value is
    /// missing.
    /// </summary>
    /// <param name="columns">The columns.</param>
    /// <param name="table">The rows.</param>
    /// <param name="rows">Which of them are forecast from.</param>
    /// <param name="units">Brings values back to the units of the file.</param>
    /// <param name="horizon">Rows from the last known value to the target, the first of them where there are several.</param>
    /// <param name="horizons">How many rows are forecast.</param>
    public static IReadOnlyList<double?> Rmse(
        UsedColumns columns, FloatTable table, StreamRows rows, IColumnUnits units, int horizon, int horizons)
    {
        var ahead = Enumerable.Range(0, horizons).Select(further => RmseAhead(columns, table, rows, units, horizon, further)).ToList();
        return [.. Enumerable.Range(0, columns.Targets.Count).SelectMany(target => ahead.Select(one => one[target]))];
    }

    private static double?[] RmseAhead(
        UsedColumns columns, FloatTable table, StreamRows rows, IColumnUnits units, int nearest, int further)
    {
        int horizon = nearest + further;
        int[] known = [.. Enumerable.Range(0, columns.Targets.Count).Where(target => columns.Inputs.Contains(columns.Targets[target]))];
        var squares = new double[columns.Targets.Count];
        var counts = new long[columns.Targets.Count];
        float[] later = [], values = [];
        double[] before = [], after = [];
        for (int sequence = 0; known.Length > 0 && sequence < rows.Lengths.Count; sequence++)
        {
            int series = rows.SeriesOf(sequence);
            long count = Math.Min(rows.Lengths[sequence], rows.EndOf(sequence) - further - rows.Starts[sequence]);
            table.Scan(rows.Starts[sequence], Math.Max(0, count), (first, block) =>
            {
                int length = block.Length / table.Width;
                if (later.Length < block.Length)
                    (later, values, before, after) = (new float[block.Length], new float[length], new double[length], new double[length]);
                table.Read(first + horizon, later.AsSpan(0, block.Length));
                foreach (int target in known)
                {
                    int column = columns.Targets[target];
                    if (units.IsDifference(column))
                        before.AsSpan(0, length).Clear();
                    else
                        ToUnits(first, column, block, before.AsSpan(0, length));
                    ToUnits(first + horizon, column, later.AsSpan(0, block.Length), after.AsSpan(0, length));
                    for (int row = 0; row < length; row++)
                    {
                        double error = after[row] - before[row];

                        // Missing values are compared with none.
                        if (double.IsNaN(error))
                            continue;
                        squares[target] += error * error;
                        counts[target]++;
                    }
                }
            });

            void ToUnits(long first, int column, ReadOnlySpan<float> block, Span<double> destination)
            {
                for (int row = 0; row < destination.Length; row++)
                    values[row] = block[(row * table.Width) + column];
                units.ToUnits(series, first, column, values.AsSpan(0, destination.Length), destination);
            }
        }

        return [.. squares.Zip(counts, (sum, count) => count == 0 ? (double?)null : Math.Sqrt(sum / count))];
    }
}
