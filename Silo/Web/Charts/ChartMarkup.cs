using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Charts;

/// <summary>What surrounds charts on pages: the controls of their view, and downloads.</summary>
internal static class ChartMarkup
{
    /// <summary>The query's keys that make up a view.</summary>
    public static string[] Keys { get; } = ["x", "y", "smooth", "from", "to"];

    /// <summary>A chart with its legend.</summary>
    public static IHtmlContent Drawn(Chart chart, int height) => chart.IsEmpty
        ? Html.Of($"""<p class="dim">Nothing to draw yet.</p>""")
        : Html.Of($"{ChartSvg.OnPage(chart, height)}{ChartSvg.Legend(chart)}");

    /// <summary>Links to a chart as a file.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="file">The address of the files, without their extension.</param>
    public static IHtmlContent Downloads(Chart chart, Link file)
    {
        string svg = file.To(file.Path + ".svg").ToString(), csv = file.To(file.Path + ".csv").ToString();
        return Html.Of($"""
            <p class="downloads"><span class="hidden">Download “{chart.Title}” as </span><a href="{svg}" download data-download=".svg" aria-label="SVG: {chart.Title}">SVG</a> <a href="{svg}" download="{chart.Name}.png" data-png data-download=".svg" hidden aria-label="PNG: {chart.Title}">PNG</a> <a href="{csv}" download data-download=".csv" aria-label="CSV: {chart.Title}">CSV</a></p>
            """);
    }

    /// <summary>The controls of a view, to stand in a form of method GET; a script applies them without a reload.</summary>
    /// <param name="view">The view.</param>
    /// <param name="step">The steps of the fields for the ends of the horizontal axis: <c>any</c> or a number.</param>
    public static IHtmlContent Controls(ChartView view, string step = "any") => Html.Of($"""
        <label for="view-y">axis</label><select id="view-y" name="y" data-key="l">{Option("log", "log", view.Log)}{Option("linear", "linear", !view.Log)}</select>
        <label for="view-smooth">smoothing</label><input type="range" id="view-smooth" name="smooth" min="0" max="0.99" step="0.01" value="{view.Smoothing:0.###}">
        <label for="view-from">from</label><input type="number" id="view-from" name="from" step="{step}" value="{view.From}"> <label for="view-to">to</label><input type="number" id="view-to" name="to" step="{step}" value="{view.To}">
        """);

    /// <summary>An option of a list.</summary>
    public static IHtmlContent Option(string value, string name, bool isChosen) => isChosen
        ? Html.Of($"""<option value="{value}" selected>{name}</option>""")
        : Html.Of($"""<option value="{value}">{name}</option>""");
}
