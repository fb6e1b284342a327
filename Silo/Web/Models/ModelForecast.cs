using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>The hidden state that forecasts begin with.</summary>
internal enum ForecastBegin
{
    /// <summary>Zeros, as at the beginning of a training sequence.</summary>
    Zero,

    /// <summary>That at the end of training.</summary>
    End,
}

/// <summary>The forecasts from one row.</summary>
/// <param name="Series">Its series; null where there are none.</param>
/// <param name="Time">Its time; null where rows have none.</param>
/// <param name="Row">Its number in its series, from 1.</param>
/// <param name="Values">The forecast of each target, in its units.</param>
internal sealed record ForecastRow(string? Series, string? Time, long Row, IReadOnlyList<double> Values);

/// <summary>Forecasts from rows that somebody has sent.</summary>
/// <param name="Model">The model.</param>
/// <param name="Weights">The SHA-256 of its parameters.</param>
/// <param name="Targets">What is forecast, by name; a difference is named as such, and each of several rows ahead.</param>
/// <param name="Horizon">Rows from a row to the one that is forecast from it, the first one where there are several.</param>
/// <param name="SeriesColumn">The column of series; null for none.</param>
/// <param name="TimeColumn">The column of time; null for none.</param>
/// <param name="Rows">The forecasts, series by series, in order of time.</param>
internal sealed record ModelForecast(
    string Model, string Weights, IReadOnlyList<string> Targets, int Horizon, string? SeriesColumn, string? TimeColumn,
    IReadOnlyList<ForecastRow> Rows)
{
    /// <summary>What is forecast, and how far ahead, such as <c>sales +1</c>.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Headings { get; init; } = [];

    /// <summary>How many rows ahead of its row each forecast lies.</summary>
    [JsonIgnore]
    public IReadOnlyList<int> Ahead { get; init; } = [];

    /// <summary>What rows are named by: their time, also where the spec does not name the column of times, or their number.</summary>
    [JsonIgnore]
    public string RowColumn => TimeColumn ?? (Rows.Count > 0 && Rows[0].Time is not null ? "time" : "row");
}

/// <summary>The outcome of a forecast.</summary>
/// <param name="Forecast">The forecast; null where there is none.</param>
/// <param name="Problems">Why there is none, one sentence each; empty otherwise.</param>
/// <param name="Status">The HTTP status.</param>
internal sealed record ForecastOutcome(ModelForecast? Forecast, IReadOnlyList<string> Problems, int Status);
