namespace Orleans.Tbptt.Silo.Web.Charts;

/// <summary>A point of a series; its value may be NaN, which is a gap.</summary>
/// <param name="X">Its place on the horizontal axis.</param>
/// <param name="Y">Its value.</param>
internal readonly record struct ChartPoint(double X, double Y);

/// <summary>A point of a band.</summary>
/// <param name="X">Its place on the horizontal axis.</param>
/// <param name="Low">The band's lower edge.</param>
/// <param name="High">The band's upper edge.</param>
internal readonly record struct BandPoint(double X, double Low, double High);

/// <summary>A series of a chart.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Colour">Its colour.</param>
/// <param name="Points">Its points, in the order of the horizontal axis.</param>
internal sealed record ChartSeries(string Name, ChartColour Colour, IReadOnlyList<ChartPoint> Points)
{
    /// <summary>Whether it is drawn as points without a line.</summary>
    public bool IsPoints { get; init; }

    /// <summary>Whether its values are shares, on the axis at the right.</summary>
    public bool IsShare { get; init; }

    /// <summary>The line's dashes, an index: 0 for a solid line.</summary>
    public int Dash { get; init; }

    /// <summary>The line's width, in pixels.</summary>
    public double Width { get; init; } = 1.6;

    /// <summary>The spread around the values; empty where there is none.</summary>
    public IReadOnlyList<BandPoint> Band { get; init; } = [];
}

/// <summary>A chart: what is drawn on pages, and downloaded as SVG and CSV.</summary>
/// <param name="Name">Its name in file names: <c>loss</c>.</param>
/// <param name="Title">Its title.</param>
/// <param name="X">The horizontal axis.</param>
/// <param name="Y">The vertical axis.</param>
/// <param name="Series">The series.</param>
internal sealed record Chart(string Name, string Title, ChartAxis X, ChartAxis Y, IReadOnlyList<ChartSeries> Series)
{
    /// <summary>The axis of shares at the right; null where no series needs it.</summary>
    public ChartAxis? Share { get; init; }

    /// <summary>Places on the horizontal axis at which a silo was lost, marked by dashed lines.</summary>
    public IReadOnlyList<double> Marks { get; init; } = [];

    /// <summary>Places on the horizontal axis between two parts of the data, marked by dotted lines.</summary>
    public IReadOnlyList<double> Borders { get; init; } = [];

    /// <summary>The left end of what is shown; null for the first point.</summary>
    public double? From { get; init; }

    /// <summary>The right end of what is shown; null for the last point.</summary>
    public double? To { get; init; }

    /// <summary>Whether there is anything to draw.</summary>
    public bool IsEmpty => !Series.Any(series => series.Points.Any(point => double.IsFinite(point.Y)));

    /// <summary>The scale of the horizontal axis.</summary>
    public Scale XScale() => Scale.Of(X, Series.SelectMany(series => series.Points).Select(point => point.X), From, To, tight: true);

    /// <summary>The scale of the vertical axis, for what the horizontal one shows.</summary>
    public Scale YScale(Scale x)
    {
        var shown = Series.Where(series => !series.IsShare).ToList();
        return Scale.Of(Y, shown.SelectMany(series => series.Points).Where(point => IsShown(point.X)).Select(point => point.Y)
            .Concat(shown.SelectMany(series => series.Band).Where(point => IsShown(point.X))
                .SelectMany(point => Y.Log ? [point.High] : new[] { point.Low, point.High })));

        bool IsShown(double place) => place >= x.Low && place <= x.High;
    }
}
