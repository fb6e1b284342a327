using System.Globalization;
using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Models;

namespace Orleans.Tbptt.Silo.Web.Pages.Models;

/// <summary>The plot of a model's forecasts, and the choice of what it shows.</summary>
internal static class PlotCard
{
    private const int Height = 300;

    /// <summary>Series that the list offers.</summary>
    private const int MostOffered = 500;

    /// <summary>Forecasts that are listed as text.</summary>
    private const int Listed = 12;

    /// <summary>The part.</summary>
    public static IHtmlContent Of(ModelEntry model, ForecastPlot plot) => Html.Of($"""
        <section class="card chart wide-chart" aria-labelledby="forecast-title"><div class="chart-head"><h2 id="forecast-title">Forecasts{Html.If(plot.Target.Length > 0, () => $" of {plot.Target}{Html.If(plot.Series is not null, () => $" <small>{plot.Series}</small>")}")}</h2>{Choice(model, plot)}</div>
        {Words.Live("forecast", Content(model, plot))}
        </section>
        """);

    /// <summary>The plot; one that is not pending does not change while the page is open.</summary>
    private static IHtmlContent Content(ModelEntry model, ForecastPlot plot) => plot.IsPending
        ? Html.Of($"""<p class="dim">{plot.Problem}</p>""")
        : Html.Of($"""<div data-still>{(plot.Problem.Length > 0 ? Html.Of($"""<p class="dim">{plot.Problem}</p>""") : Drawn(model, plot))}</div>""");

    private static IHtmlContent Choice(ModelEntry model, ForecastPlot plot) => plot.AllTargets.Count < 2 && plot.AllSeries.Count < 2
        ? Html.None
        : Html.Of($"""
            <form class="controls" method="get" action="/models/{model.Name}">{Select("target", plot.AllTargets, plot.Target)}{Select("series", plot.AllSeries, plot.Series)}<button class="button">Show</button></form>
            """);

    private static IHtmlContent Select(string name, IReadOnlyList<string> all, string? chosen) => all.Count < 2 ? Html.None
        : Html.Of($"""
            <label for="plot-{name}">{name}</label><select id="plot-{name}" name="{name}">{Html.Each(all.Take(MostOffered), one => $"{ChartMarkup.Option(one, one, one == chosen)}")}</select>
            """);

    private static IHtmlContent Drawn(ModelEntry model, ForecastPlot plot)
    {
        var chart = plot.Chart(model.Name);
        IEnumerable<KeyValuePair<string, string>> query =
        [
            .. plot.AllTargets.Count > 1 ? [new("target", plot.Target)] : Array.Empty<KeyValuePair<string, string>>(),
            .. plot.Series is { } series ? [new("series", series)] : Array.Empty<KeyValuePair<string, string>>(),
        ];
        return Html.Of($"""
            <div class="plot tall">{ChartMarkup.Drawn(chart, Height)}</div>
            <p class="dim">{Caption(plot)}</p>
            {ChartMarkup.Downloads(chart, new($"/api/models/{model.Name}/charts/forecast", [.. query]))}
            <details><summary>The last forecasts as a table</summary>{Table(plot)}</details>
            """);
    }

    private static string Caption(ForecastPlot plot)
    {
        string begin = plot.Begin > 1 ? $"The hidden state begins anew at row {Text.Count(plot.Begin)}. " : "";
        string held = plot.HeldOutFrom is not { } row ? ""
            : row > plot.Rows[0].Number ? $"Rows from {Text.Count(row)} on, right of the dotted line, were held out from training. "
            : $"All rows shown were held out from training, as all from row {Text.Count(row)} on. ";
        string band = plot.Coverage is { } share
            ? string.Create(CultureInfo.InvariantCulture, $"The band is the interval in which {share:0.##%} of the values should lie. ")
            : plot.Rmse is { } rmse ? $"The band is the forecast ± the error on held-out data (RMSE {Text.Figure(rmse)}). " : "";
        string from = plot.Horizon == 1 ? "the row before it" : $"the row {plot.Horizon} rows before it";
        return $"The last rows of {plot.File}, each forecast from {from} and the hidden state that all rows up to there have left. "
            + $"{held}{band}{begin}{plot.Remark}".TrimEnd();
    }

    private static IHtmlContent Table(ForecastPlot plot)
    {
        bool hasTimes = plot.Rows.Any(row => row.Time is not null);
        return Words.Table("The last forecasts", Html.Of($"""
            <th scope="col">Row</th>{Html.If(hasTimes, () => $"""<th scope="col">Time</th>""")}<th scope="col">{plot.Target}</th><th scope="col">Forecast</th>
            """), Html.Each(plot.Rows.TakeLast(Listed).Reverse(), row => $"""
            <tr><th scope="row" class="figure">{Text.Count(row.Number)}</th>{Html.If(hasTimes, () => $"""<td class="figure">{row.Time ?? "to come"}</td>""")}<td class="figure">{(double.IsNaN(row.Actual) ? "–" : Text.Figure(row.Actual))}</td><td class="figure">{(double.IsNaN(row.Forecast) ? "–" : Text.Figure(row.Forecast))}</td></tr>

            """));
    }
}
