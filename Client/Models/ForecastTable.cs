using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Tables;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>
/// Forecasts as they are written, each next to the row that it was made from: its series and time, or its number, which counts on where
/// rows follow on others.
/// </summary>
internal sealed class ForecastTable : IForecastTable
{
    /// <summary>What else may be named in the place of a file, for messages.</summary>
    public const string OrStandard = ", or -";

    /// <summary>The same for a model of arrays.</summary>
    public const string OrArray = ", .npy, or -";

    private readonly IOutputTable<Forecast> _table;
    private readonly TextWriter? _flushed;
    private IForecastData _data;

    /// <summary>Creates the table.</summary>
    /// <param name="context">The console.</param>
    /// <param name="data">What is forecast from first.</param>
    /// <param name="output">The file, or <see cref="PredictCommand.Standard"/>.</param>
    /// <param name="unfinished">The name of the file until it is whole.</param>
    public ForecastTable(ConsoleContext context, IForecastData data, string output, string unfinished)
    {
        _data = data;
        _flushed = output == PredictCommand.Standard ? context.Terminal.Out : null;
        _table = _flushed is not null ? new CsvTable<Forecast>(_flushed, Columns(data), leaveOpen: true)
            : OutputFormats.IsArray(output) ? new NpyTable<Forecast>(unfinished, ShapeOf(data), row => row.Values)
            : OutputFormats.Of(output, OrStandard).Create(unfinished, Columns(data));
    }

    /// <inheritdoc/>
    public long Rows { get; private set; }

    /// <inheritdoc/>
    public void Add(SequenceSlice slice, ReadOnlySpan<double> forecasts)
    {
        int targets = _data.Targets.Count;
        for (int i = 0; i < slice.Length; i++)
            _table.Add(new(slice.Sequence, slice.Start + i, [.. forecasts.Slice(i * targets, targets)]));
        Rows += slice.Length;
    }

    /// <summary>Adds forecasts in the order in which rows arrived, and makes them visible.</summary>
    /// <param name="data">What is forecast from.</param>
    /// <param name="forecast">Forecasts from all of it.</param>
    public void AddInOrder(IForecastData data, Action<ForecastChunk> forecast)
    {
        _data = data;
        int targets = data.Targets.Count;
        double[][] kept = [.. Enumerable.Range(0, data.Sequences.Count).Select(i => new double[data.Sequences.Length(i) * targets])];
        forecast((slice, forecasts) => forecasts.CopyTo(kept[slice.Sequence].AsSpan(slice.Start * targets)));
        foreach (var (sequence, step) in data.Arrivals)
            Add(new(sequence, step, 1), kept[sequence].AsSpan(step * targets, targets));
        _flushed?.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();

    private static long[] ShapeOf(IForecastData data) => Enumerable.Range(0, data.Sequences.Count)
        .Any(sequence => data.Sequences.Length(sequence) != data.Sequences.Length(0))
        ? throw new ClientException(
            "--output: found a .npy file with sequences of unlike lengths, expected .csv, .jsonl or .parquet, because an array has room "
            + "for one length alone", ExitCode.Usage)
        :
    [
        .. data.SeriesColumn is null ? Array.Empty<long>() : [data.Sequences.Count],
        data.Sequences.Count == 0 ? 0 : data.Sequences.Length(0), data.Targets.Count,
    ];

    private List<OutputColumn<Forecast>> Columns(IForecastData data)
    {
        var columns = new List<OutputColumn<Forecast>>();
        if (data.SeriesColumn is { } series)
            columns.Add(new(series) { Text = row => _data.Sequences.SeriesOf(row.Sequence) ?? "" });
        if (data.TimeColumn is { } time)
            columns.Add(new(time) { Text = row => _data.TimeOf(row.Sequence, row.Step) ?? "" });
        else
            columns.Add(new("row") { Whole = row => _data.FirstRow(row.Sequence) + row.Step + 1 });
        for (int target = 0; target < data.Targets.Count; target++)
        {
            int index = target;
            columns.Add(new(data.HeadingOf(target))
            {
                Number = row => row.Values[index],
            });
        }

        return columns;
    }

    /// <summary>The forecasts from one row.</summary>
    /// <param name="Sequence">Its sequence.</param>
    /// <param name="Step">Its time step.</param>
    /// <param name="Values">The forecast of each target.</param>
    private readonly record struct Forecast(int Sequence, int Step, double[] Values);
}
