using System.Globalization;
using System.Text;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>Forecasts as CSV (RFC 4180), with the columns of <c>tbptt predict</c>; numbers read back exactly.</summary>
internal static class ForecastCsv
{
    /// <summary>The text.</summary>
    public static string Of(ModelForecast forecast)
    {
        var text = new StringBuilder();
        CsvLine.Append(text,
        [
            .. forecast.SeriesColumn is { } series ? [CsvLine.Guarded(series)] : Array.Empty<string>(),
            CsvLine.Guarded(forecast.TimeColumn ?? "row"),
            .. forecast.Headings.Select(CsvLine.Guarded),
        ]);
        foreach (var row in forecast.Rows)
        {
            CsvLine.Append(text,
            [
                .. forecast.SeriesColumn is null ? Array.Empty<string>() : [row.Series ?? ""],
                forecast.TimeColumn is null ? row.Row.ToString(CultureInfo.InvariantCulture) : row.Time ?? "",
                .. row.Values.Select(value => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : ""),
            ]);
        }

        return text.ToString();
    }
}
