using Orleans.Tbptt.Data.Streams;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>A forecast of one column, in the units of the file.</summary>
internal sealed class TableForecastScale(string column, double deviation, double naiveRmse) : IForecastScale
{
    public string Unit => column;

    public double NaiveRmse => naiveRmse;

    public double Rmse(double validationLoss) => Math.Sqrt(validationLoss) * deviation;

    /// <summary>
    /// The scale of a run that holds rows out and forecasts one of its input columns; null for any other, because the naive forecast
    /// repeats the last known value, and where each series has its own scale.
    /// </summary>
    public static TableForecastScale? TryMake(
        UsedColumns columns, FloatTable table, ColumnStatistics statistics, StreamRows? validation, int horizon)
    {
        if (validation is null || statistics.IsPerSeries || columns.Targets is not [var column] || !columns.Inputs.Contains(column))
            return null;
        var later = new float[table.Width];
        double squares = 0;
        long targets = 0;
        int width = table.Width;
        for (int row = 0; row < validation.Lengths.Count; row++)
        {
            table.Scan(validation.Starts[row], validation.Lengths[row], (first, known) =>
            {
                if (later.Length < known.Length)
                    later = new float[known.Length];
                table.Read(first + horizon, later.AsSpan(0, known.Length));
                for (int i = column; i < known.Length; i += width)
                {
                    // Missing values are compared with none.
                    if (float.IsNaN(later[i]) || float.IsNaN(known[i]))
                        continue;
                    squares += ((double)later[i] - known[i]) * ((double)later[i] - known[i]);
                    targets++;
                }
            });
        }

        double deviation = statistics.Deviation[column];
        return targets == 0 ? null : new(columns.Names[column], deviation, Math.Sqrt(squares / targets) * deviation);
    }
}
