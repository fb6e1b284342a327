using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Models;

/// <summary>The columns that a model was trained on, with their statistics.</summary>
internal static class ColumnTable
{
    private const int Shown = 50;

    private static readonly IHtmlContent Head = Html.Of($"""
        <th scope="col">Column</th><th scope="col">Use</th><th scope="col" class="wide">Values</th><th scope="col">Mean</th><th scope="col">Deviation</th><th scope="col" class="wide">Least</th><th scope="col" class="wide">Greatest</th><th scope="col" class="wide">Distribution</th>
        """);

    /// <summary>The part.</summary>
    public static IHtmlContent Of(IReadOnlyList<ColumnDescription> columns) => columns.Count == 0
        ? Html.Of($"""<p class="dim">The package names no columns.</p>""")
        : Html.Of($"""
            {Html.If(columns.Count > Shown, () => $"""<p class="dim">The first {Shown} of {Text.Count(columns.Count)}; <code>config.json</code> has all.</p>""")}
            {Words.Table("Columns", Head, Html.Each(columns.Take(Shown), Row))}
            """);

    private static FormattableString Row(ColumnDescription column) => $"""
        <tr><th scope="row" class="name">{column.Name}{Html.If(column.Series is not null, () => $" <small>of {column.Series}</small>")}</th><td>{Use(column)}</td><td class="wide figure">{Count(column)}</td><td class="figure">{Words.Figure(column.Mean ?? column.ScaleMean)}</td><td class="figure">{Words.Figure(column.Deviation ?? column.ScaleDeviation)}</td><td class="wide figure">{Words.Figure(column.Min)}</td><td class="wide figure">{Words.Figure(column.Max)}</td><td class="wide">{Sparkline.Of([.. column.Histogram.Select(count => (double)count)], $"distribution of {column.Name}")}</td></tr>

        """;

    private static string Use(ColumnDescription column)
    {
        string use = column.Use.Length > 0 ? column.Use : column.Series is null ? "–" : "scale of a series";
        return column.Transform is { } transform ? $"{use}, {transform}"
            : column.Classes.Count > 0 ? $"{use}, {Text.Count(column.Classes.Count)} {(column.Classes.Count == 1 ? "class" : "classes")}"
            : use;
    }

    private static string Count(ColumnDescription column) => (column.Count is { } count ? Text.Count(count) : "–")
        + (column.Missing > 0 ? $", {Text.Count(column.Missing)} missing" : "");
}
