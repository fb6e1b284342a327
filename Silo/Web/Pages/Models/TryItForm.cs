using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Models;

namespace Orleans.Tbptt.Silo.Web.Pages.Models;

/// <summary>What somebody has tried, and what came of it.</summary>
/// <param name="Rows">The rows that were pasted or uploaded, where the page shows them again; empty otherwise.</param>
/// <param name="Begin">The hidden state that was chosen.</param>
/// <param name="Outcome">The outcome.</param>
internal sealed record Trial(string Rows, ForecastBegin Begin, ForecastOutcome Outcome);

/// <summary>A form that takes rows and shows the model's forecasts from them. It needs no script.</summary>
internal static class TryItForm
{
    /// <summary>The form's fields.</summary>
    public const string RowsField = "rows", FileField = "file", BeginField = "begin", AsField = "as", AsCsv = "csv";

    /// <summary>Rows of the table of forecasts: the last ones. The file has all.</summary>
    private const int Shown = 20;

    private const int Height = 220;

    /// <summary>Points of the chart of forecasts.</summary>
    private const int MostPoints = 500;

    /// <summary>The part.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">What rows must have.</param>
    /// <param name="trial">What was tried; null for nothing yet.</param>
    /// <param name="token">Seals the form.</param>
    public static IHtmlContent Of(ModelEntry model, ModelInputs inputs, Trial? trial, WebToken token)
    {
        var begin = trial?.Begin ?? ForecastBegin.Zero;
        return Html.Of($"""
            <section class="card" aria-labelledby="try-title" id="try"><h2 id="try-title">Try it</h2>
            {(trial is null ? Html.None : Result(trial))}
            <form class="notes-form" method="post" action="/models/{model.Name}/predict#try" enctype="multipart/form-data">
            <input type="hidden" name="{SameSite.Field}" value="{token.Seal}">
            <p class="dim" id="try-help">Rows as the model was trained on, up to {Text.Count(ForecastRows.MostLines)}, with a header: {
                inputs.Words}. Forecasts come in the units of the targets{inputs.Ahead}.</p>
            <label>Rows as CSV <textarea name="{RowsField}" rows="6" class="rows" spellcheck="false" aria-describedby="try-help"
            placeholder="{inputs.Sample}">{trial?.Rows}</textarea></label>
            <div class="try"><label>or a file <input type="file" name="{FileField}" accept=".csv,.tsv,.txt,.jsonl,.ndjson,text/csv"></label>
            <label>Hidden state before the first row <select name="{BeginField}">{
                ChartMarkup.Option("zero", "zero", begin == ForecastBegin.Zero)}{
                Html.If(inputs.HasEnd, () => $"{ChartMarkup.Option("end", "of the end of training", begin == ForecastBegin.End)}")
                }</select></label>
            <span><button class="button primary">Forecast</button>
            <button class="button" name="{AsField}" value="{AsCsv}">Forecast as CSV file</button></span></div>
            </form></section>
            """);
    }

    private static IHtmlContent Result(Trial trial) => trial.Outcome.Forecast is { } forecast ? Result(forecast) : Html.Of($"""
        <div class="note bad" role="alert">{Html.Each(trial.Outcome.Problems, problem => $"<p>{problem}</p>")}</div>
        """);

    private static IHtmlContent Result(ModelForecast forecast)
    {
        var rows = forecast.Rows;
        bool isPath = forecast.Ahead[^1] > forecast.Horizon;
        var head = Html.Of($"""
            {Html.If(forecast.SeriesColumn is not null, () => $"""<th scope="col">{forecast.SeriesColumn}</th>""")}<th scope="col">{
                forecast.RowColumn}</th>{Html.Each(forecast.Targets, Column)}
            """);
        string first = isPath ? $"{forecast.Horizon} to " : "";
        string shown = rows.Count > Shown ? $"; the last {Shown} in the table" : "";
        return Html.Of($"""
            <div role="status"><p>{Text.Plural(rows.Count, "forecast")}, each {first}{
                Text.Plural(forecast.Ahead[^1], "row")} ahead of its row{shown}.</p></div>
            {Plot(forecast)}
            {Words.Table("Forecasts", head, Html.Each(rows.Skip(rows.Count - Shown), Row))}
            """);

        // Of several rows ahead, names say how far.
        FormattableString Column(string target)
        {
            if (isPath)
                return $"""<th scope="col">{target}</th>""";
            return $"""<th scope="col">{target} +{forecast.Horizon}</th>""";
        }

        FormattableString Row(ForecastRow row) => $"""
            <tr>{Html.If(forecast.SeriesColumn is not null, () => $"<td>{row.Series}</td>")}<td class="figure">{
                row.Time ?? Text.Count(row.Row)}</td>{
                Html.Each(row.Values, value => $"""<td class="figure">{Text.Figure(value)}</td>""")}</tr>

            """;
    }

    /// <summary>The forecasts of the last series, by the rows that they are for.</summary>
    private static IHtmlContent Plot(ModelForecast forecast)
    {
        string? series = forecast.Rows[^1].Series;
        var rows = forecast.Rows.Where(row => row.Series == series).TakeLast(MostPoints).ToList();
        if (rows.Count < 2)
            return Html.None;
        var chart = new Chart(
            "tried", $"Forecasts{(series is null ? "" : $" of {series}")}", new("row", AxisKind.Count),
            new(forecast.Targets.Count == 1 ? forecast.Targets[0] : "forecast"),
            [
                .. forecast.Targets.Take(ChartColour.Count).Select((target, index) => new ChartSeries(
                    target, ChartColour.Of(index),
                    [.. rows.Select(row => new ChartPoint(row.Row + forecast.Ahead[index], row.Values[index]))]) { Width = 2 }),
            ]);
        return Html.Of($"""<div class="plot">{ChartMarkup.Drawn(chart, Height)}</div>""");
    }
}
