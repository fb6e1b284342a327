using Orleans.Tbptt.Data.Streams;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>A forecast of one column, in the units of the file.</summary>
internal sealed class CsvForecastScale(string column, double deviation, double naiveRmse) : IForecastScale
{
    public string Unit => column;

    public double NaiveRmse => naiveRmse;

    public double Rmse(double validationLoss) => Math.Sqrt(validationLoss) * deviation;

    /// <summary>
    /// The scale of a run that holds rows out and forecasts one of its input columns; null for any other, because the naive forecast
    /// repeats the last known value.
    /// </summary>
    public static CsvForecastScale? TryMake(CsvColumns columns, FloatTable table, ColumnStatistics statistics, StreamCut cut, int horizon)
    {
        if (cut.Validation is null || columns.Targets is not [var column] || !columns.Inputs.Contains(column))
            return null;
        long targets = cut.Validation.Lengths.Sum(length => (long)length);
        var later = new float[table.Width];
        double squares = 0;
        int width = table.Width;
        table.Scan(cut.TrainingPositions, targets, (first, known) =>
        {
            if (later.Length < known.Length)
                later = new float[known.Length];
            table.Read(first + horizon, later.AsSpan(0, known.Length));
            for (int i = column; i < known.Length; i += width)
                squares += ((double)later[i] - known[i]) * ((double)later[i] - known[i]);
        });
        return new(columns.Names[column], statistics.Deviation[column], Math.Sqrt(squares / targets));
    }
}
