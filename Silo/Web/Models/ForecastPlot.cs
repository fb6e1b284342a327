using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Charts;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>What a plot of forecasts is of: a series and a target; null for the first one.</summary>
/// <param name="Series">The series.</param>
/// <param name="Target">The target.</param>
internal sealed record PlotChoice(string? Series, string? Target);

/// <summary>A row of the data, and what was forecast for it.</summary>
/// <param name="Number">Its number in its series, from 1.</param>
/// <param name="Time">Its time; null where rows have none, or where it is yet to come.</param>
/// <param name="Actual">The value that it has; NaN for none.</param>
/// <param name="Predicted">What was forecast for it.</param>
internal sealed record PlotRow(long Number, string? Time, double Actual, PlotForecast Predicted)
{
    /// <summary>The value that was forecast for it; NaN for none.</summary>
    public double Forecast => Predicted.Value;
}

/// <summary>A forecast with its interval; NaN for what there is not.</summary>
/// <param name="Value">The value.</param>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
internal readonly record struct PlotForecast(double Value, double Low, double High)
{
    /// <summary>No forecast.</summary>
    public static PlotForecast None { get; } = new(double.NaN, double.NaN, double.NaN);
}

/// <summary>
/// The last rows of the data that a model was trained or validated on, with its forecasts of them and of the rows to come.
/// </summary>
internal sealed record ForecastPlot
{
    /// <summary>Why there is no plot; empty where there is one.</summary>
    public string Problem { get; init; } = "";

    /// <summary>Whether it is still to be computed.</summary>
    public bool IsPending { get; init; }

    /// <summary>The data's series by name; empty where there are none.</summary>
    public IReadOnlyList<string> AllSeries { get; init; } = [];

    /// <summary>The model's targets by name.</summary>
    public IReadOnlyList<string> AllTargets { get; init; } = [];

    /// <summary>The series that is shown; null where there are none.</summary>
    public string? Series { get; init; }

    /// <summary>The target that is shown.</summary>
    public string Target { get; init; } = "";

    /// <summary>Rows from a row to the one that is forecast from it.</summary>
    public int Horizon { get; init; }

    /// <summary>The file's name.</summary>
    public string File { get; init; } = "";

    /// <summary>What is to be known of the file, such as that it has changed since training; empty for nothing.</summary>
    public string Remark { get; init; } = "";

    /// <summary>The name of the column of times; null where rows have no times.</summary>
    public string? TimeColumn { get; init; }

    /// <summary>The rows.</summary>
    public IReadOnlyList<PlotRow> Rows { get; init; } = [];

    /// <summary>The number of the first row that was held out from training; null where it is unknown, or none was.</summary>
    public long? HeldOutFrom { get; init; }

    /// <summary>
    /// The number of the first row that the model has seen before the first forecast, with the state of a sequence's start before it.
    /// </summary>
    public long Begin { get; init; }

    /// <summary>The root of the mean squared error on held-out data, in the target's units; null where it is unknown.</summary>
    public double? Rmse { get; init; }

    /// <summary>The share of targets that should lie in the forecasts' intervals; null where the model has none.</summary>
    public double? Coverage { get; init; }

    /// <summary>Characters of a date.</summary>
    private const int Date = 10;

    /// <summary>Characters of an axis' title.</summary>
    private const int TitleRoom = 36;

    /// <summary>A plot that there is not.</summary>
    public static ForecastPlot None(string problem) => new() { Problem = problem };

    /// <summary>The plot as a chart.</summary>
    /// <param name="model">The model's name.</param>
    public Chart Chart(string model)
    {
        var forecasts = Rows.Where(row => double.IsFinite(row.Forecast)).ToList();
        string of = Series is null ? Target : $"{Target} of {Series}";
        return new("forecast", $"Forecasts of {of} by {model}", Across(), new(Target),
        [
            new(Target, ChartColour.Of(7), [.. Rows.Select(row => new ChartPoint(row.Number, row.Actual))]),
            new($"forecast, {Horizon} ahead", ChartColour.Of(0), [.. Rows.Select(row => new ChartPoint(row.Number, row.Forecast))])
            {
                Width = 2,
                Band = Coverage is not null ? [.. forecasts.Select(row => new BandPoint(row.Number, row.Predicted.Low, row.Predicted.High))]
                    : Rmse is not { } rmse ? []
                    : [.. forecasts.Select(row => new BandPoint(row.Number, row.Forecast - rmse, row.Forecast + rmse))],
            },
        ])
        {
            Borders = HeldOutFrom is { } border && Rows.Count > 0 && border > Rows[0].Number ? [border - 0.5] : [],
        };
    }

    /// <summary>The rows by number; where they have times, labelled by those: dates or, where all are of one day, what follows.</summary>
    private ChartAxis Across()
    {
        const string Row = "row";
        var rows = new ChartAxis(Row, AxisKind.Count);
        var times = Rows.Where(row => row.Time is not null).ToDictionary(row => (double)row.Number, row => row.Time!);
        if (times.Count == 0)
            return rows;
        int from = times.Values.All(time => time.Length > Date) && times.Values.Select(time => time[..Date]).Distinct().Count() == 1
            ? Date + 1 : 0;
        return rows with
        {
            Title = TimeColumn is null ? Row : Text.Fit(TimeColumn, TitleRoom), Counted = Row,
            Names = row => times.TryGetValue(row, out string? time) ? time[from..Math.Min(time.Length, from + Date)] : "",
        };
    }
}
