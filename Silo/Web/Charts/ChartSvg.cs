using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Charts;

/// <summary>
/// Draws a chart as SVG. On a page it is as wide as its place, and letters and lines keep their size, because only the paths are stretched;
/// colours follow the page's scheme. As a file it has a fixed width, a title, a legend and the light scheme's colours.
/// </summary>
internal static class ChartSvg
{
    /// <summary>The width of a file, in pixels.</summary>
    public const int FileWidth = 840;

    private const int Left = 64, Right = 14, ShareRight = 50, Top = 8, Bottom = 38, Row = 18;
    private const int FileTop = 36, FileHeight = 320, LegendWidth = 260;
    private const int YTicks = 6, XTicks = 7, NamedXTicks = 3;

    /// <summary>How many series a chart's description names.</summary>
    private const int Described = 4;

    /// <summary>The extent of the paths' own coordinates, which are stretched to the chart's area.</summary>
    private const int Extent = 1_000;

    /// <summary>Dashes by <see cref="ChartSeries.Dash"/>, in pixels.</summary>
    private static readonly string[] Dashes = ["none", "7 3", "2 3", "9 3 2 3"];

    private const string Ink = "#18212d", Dim = "#566273", Grid = "#e3e8ef", Mark = "#d43d2a";

    /// <summary>The chart for a page.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="height">Its height, in pixels.</param>
    public static IHtmlContent OnPage(Chart chart, int height)
    {
        int area = height - Top - Bottom;
        var (x, y) = Scales(chart);
        // The style sheet leaves room around it for the axes, which overflow.
        return Html.Of($"""
            <svg class="chart{(chart.Share is null ? "" : " has-share")}" height="{area}" overflow="visible" role="img" aria-label="{Describe(chart)}" data-chart-x="{R(x.Low)} {R(x.High)}" data-chart-y="{R(y.Low)} {R(y.High)} {(y.IsLog ? "log" : "linear")}">{Area(chart, x, y, area)}</svg>
            """);
    }

    /// <summary>The chart as a document of its own.</summary>
    public static string File(Chart chart)
    {
        int columns = FileWidth / LegendWidth;
        int rows = (chart.Series.Count + columns - 1) / columns;
        int width = FileWidth - Left - (chart.Share is null ? Right : ShareRight);
        int area = FileHeight - FileTop - Bottom, height = FileHeight + 8 + (rows * Row);
        var (x, y) = Scales(chart);
        return HtmlPage.Markup(Html.Of($"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{FileWidth}" height="{height}" viewBox="0 0 {FileWidth} {height}" font-family="system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif" font-size="11">
            <title>{chart.Title}</title>
            <rect width="100%" height="100%" fill="#ffffff"/>
            <text x="{Left}" y="20" font-size="14" font-weight="600" fill="{Ink}">{chart.Title}</text>
            <svg x="{Left}" y="{FileTop}" width="{width}" height="{area}" overflow="visible">{Area(chart, x, y, area)}</svg>
            {Html.Each(chart.Series.Index(), one => Key(one.Item, Left + (one.Index % columns * LegendWidth), FileHeight + 8 + (one.Index / columns * Row)))}
            </svg>

            """));
    }

    /// <summary>The legend of a chart on a page.</summary>
    public static IHtmlContent Legend(Chart chart) => chart.Series.Count < 2 ? Html.None : Html.Of($"""
        <ul class="legend" aria-label="Series">{Html.Each(chart.Series, series => $"<li>{Swatch(series)}{series.Name}</li>")}</ul>
        """);

    /// <summary>A sample of a series' line.</summary>
    public static IHtmlContent Swatch(ChartSeries series) => Html.Of(
        $"""<svg class="swatch" width="22" height="8" aria-hidden="true">{Sample(series, 0, 4)}</svg>""");

    private static (Scale X, Scale Y) Scales(Chart chart)
    {
        var x = chart.XScale();
        return (x, chart.YScale(x));
    }

    private static IHtmlContent Area(Chart chart, Scale x, Scale y, int height)
    {
        var share = chart.Share is { } axis ? Scale.Of(axis, []) : null;
        return Html.Of($"""
            {Html.Each(Labelled(y, chart.Y, height / 28 is var most && most < YTicks ? most : YTicks), tick => Horizontal(y, tick, height))}
            {Html.Each(Labelled(x, chart.X, chart.X.Names is null ? XTicks : NamedXTicks), tick => Vertical(x, tick, height))}
            {Html.If(share is not null, () => $"{Html.Each<double>([0, 0.5, 1], tick => $"""<text class="tick" x="100%" dx="6" y="{N((1 - tick) * height)}" dy="4" fill="{Dim}">{chart.Share!.Label(tick)}</text>""")}")}
            <line class="axis" x1="0" x2="100%" y1="{height}" y2="{height}" stroke="{Dim}"/>
            <svg class="lines" width="100%" height="100%" viewBox="0 0 {Extent} {Extent}" preserveAspectRatio="none">
            {Html.Each(chart.Marks.Select(x.Place).Where(place => place is >= 0 and <= 1), place => $"""<path class="mark" d="M{N(place * Extent)} 0V{Extent}" fill="none" stroke="{Mark}" stroke-dasharray="4 4" vector-effect="non-scaling-stroke"/>""")}
            {Html.Each(chart.Borders.Select(x.Place).Where(place => place is >= 0 and <= 1), place => $"""<path class="border" d="M{N(place * Extent)} 0V{Extent}" fill="none" stroke="{Dim}" stroke-dasharray="2 4" vector-effect="non-scaling-stroke"/>""")}
            {Html.Each(chart.Series.Where(series => series.Band.Count > 1), series => $"""<path class="band {series.Colour.Class}" d="{Band(series, x, y)}" fill="{series.Colour.Light}" fill-opacity="0.18" stroke="none"/>""")}
            {Html.Each(chart.Series, series => Line(series, x, series.IsShare ? share! : y))}
            </svg>
            <text class="axis-title" x="100%" y="{height + 32}" text-anchor="end" fill="{Dim}">{chart.X.Title}</text>
            <text class="axis-title" transform="rotate(-90)" x="{-(height / 2)}" y="{11 - Left}" text-anchor="middle" fill="{Dim}">{chart.Y.Title}</text>
            """);
    }

    private static IEnumerable<(double At, string Label)> Labelled(Scale scale, ChartAxis axis, int most)
    {
        var ticks = scale.Ticks(most);
        return ticks.Zip(axis.Labels(ticks));
    }

    private static FormattableString Horizontal(Scale y, (double At, string Label) tick, int height)
    {
        double place = (1 - y.Place(tick.At)) * height;
        return $"""<line class="grid" x1="0" x2="100%" y1="{N(place)}" y2="{N(place)}" stroke="{Grid}"/><text class="tick" x="-6" y="{N(place)}" dy="4" text-anchor="end" fill="{Dim}">{tick.Label}</text>""";
    }

    private static FormattableString Vertical(Scale x, (double At, string Label) tick, int height)
    {
        string place = N(x.Place(tick.At) * 100);
        return $"""<line class="grid" x1="{place}%" x2="{place}%" y1="0" y2="{height}" stroke="{Grid}"/><text class="tick" x="{place}%" y="{height + 16}" text-anchor="middle" fill="{Dim}">{tick.Label}</text>""";
    }

    private static FormattableString Line(ChartSeries series, Scale x, Scale y)
    {
        string kind = series.IsPoints ? "points" : "line";
        // A point is a line without length and with round ends: a circle would be stretched with the chart.
        return $"""<path class="{kind} {series.Colour.Class}" data-name="{series.Name}" d="{Path(series, x, y)}" fill="none" stroke="{series.Colour.Light}" stroke-width="{N(series.IsPoints ? 5 : series.Width)}" stroke-dasharray="{Dashes[series.Dash % Dashes.Length]}" stroke-linecap="{(series.IsPoints ? "round" : "butt")}" stroke-linejoin="round" vector-effect="non-scaling-stroke"><title>{series.Name}</title></path>""";
    }

    private static string Path(ChartSeries series, Scale x, Scale y)
    {
        var path = new StringBuilder();
        bool gap = true;
        foreach (var point in Shown(series.Points, x))
        {
            double across = x.Place(point.X) * Extent, down = (1 - y.Place(point.Y)) * Extent;
            if (!double.IsFinite(across) || !double.IsFinite(down))
            {
                gap = true;
                continue;
            }

            path.Append(series.IsPoints || gap ? 'M' : 'L').Append(N(across)).Append(' ')
                .Append(N(Math.Clamp(down, -Extent, 2 * Extent)));
            if (series.IsPoints)
                path.Append("h0.01");
            gap = false;
        }

        return path.ToString();
    }

    private static string Band(ChartSeries series, Scale x, Scale y)
    {
        var path = new StringBuilder();
        var upper = series.Band.Where(point => double.IsFinite(point.High)).Select(point => (point.X, Y: point.High));
        var lower = series.Band.Where(point => double.IsFinite(point.Low))
            .Select(point => (point.X, Y: y.IsLog ? Math.Max(point.Low, y.Low) : point.Low));
        foreach (var (across, value) in upper.Concat(lower.Reverse()))
        {
            path.Append(path.Length == 0 ? 'M' : 'L').Append(N(Math.Clamp(x.Place(across), -1, 2) * Extent)).Append(' ')
                .Append(N(Math.Clamp((1 - y.Place(value)) * Extent, -Extent, 2 * Extent)));
        }

        return path.Append('z').ToString();
    }

    /// <summary>The points within the scale, and one at each side, so that lines lead out of the chart.</summary>
    private static IEnumerable<ChartPoint> Shown(IReadOnlyList<ChartPoint> points, Scale x)
    {
        int first = 0, last = points.Count - 1;
        while (first < last && points[first + 1].X < x.Low)
            first++;
        while (last > first && points[last - 1].X > x.High)
            last--;
        for (int i = first; i <= last; i++)
            yield return points[i];
    }

    private static FormattableString Key(ChartSeries series, int left, int top) =>
        $"""<g transform="translate({left} {top})">{Sample(series, 0, 0)}<text x="28" y="4" fill="{Ink}">{Text.Fit(series.Name, 36)}</text></g>""";

    private static IHtmlContent Sample(ChartSeries series, int left, int middle) => Html.Of(
        $"""<path class="{(series.IsPoints ? "points" : "line")} {series.Colour.Class}" d="{(series.IsPoints ? $"M{left + 11} {middle}h0.01" : $"M{left} {middle}h22")}" fill="none" stroke="{series.Colour.Light}" stroke-width="{(series.IsPoints ? 5 : 2)}" stroke-dasharray="{Dashes[series.Dash % Dashes.Length]}" stroke-linecap="{(series.IsPoints ? "round" : "butt")}"/>""");

    /// <summary>The chart in words, for those who cannot see it.</summary>
    private static string Describe(Chart chart)
    {
        var all = chart.Series.Take(Described)
            .Select(series => (series.Name, Values: series.Points.Select(point => point.Y).Where(double.IsFinite).ToList()))
            .Where(series => series.Values.Count > 0).ToList();
        if (all.Count == 0)
            return $"{chart.Title}: no values";
        string more = chart.Series.Count > Described ? $"; and {chart.Series.Count - Described} more series" : "";
        return $"{chart.Title} by {chart.X.Title}: {string.Join("; ", all.Select(one => Range(one.Name, one.Values)))}{more}";
    }

    private static string Range(string name, List<double> values) =>
        $"{name} from {Text.Figure(values[0])} to {Text.Figure(values[^1])}, least {Text.Figure(values.Min())}";

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static string R(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
