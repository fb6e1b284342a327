using System.Globalization;
using System.Text;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Charts;

/// <summary>A chart's data as CSV (RFC 4180): a row for each place on the horizontal axis, a column for each series.</summary>
internal static class ChartCsv
{
    /// <summary>The text; numbers are written so that they read back exactly, and what is missing or not finite is empty.</summary>
    public static string Of(Chart chart)
    {
        var columns = chart.Series.SelectMany(Columns).ToList();
        var text = new StringBuilder();
        CsvLine.Append(
            text, [CsvLine.Guarded(chart.X.Counted ?? chart.X.Title), .. columns.Select(column => CsvLine.Guarded(column.Name))]);
        foreach (double x in columns.SelectMany(column => column.Values.Keys).Distinct().Order())
        {
            if (x < chart.From || x > chart.To)
                continue;
            CsvLine.Append(
                text, [Number(x), .. columns.Select(column => column.Values.TryGetValue(x, out double value) ? Number(value) : "")]);
        }

        return text.ToString();
    }

    private static IEnumerable<(string Name, Dictionary<double, double> Values)> Columns(ChartSeries series)
    {
        yield return (series.Name, Values(series.Points.Select(point => (point.X, point.Y))));
        if (series.Band.Count == 0)
            yield break;
        yield return ($"{series.Name}, low", Values(series.Band.Select(point => (point.X, point.Low))));
        yield return ($"{series.Name}, high", Values(series.Band.Select(point => (point.X, point.High))));
    }

    private static Dictionary<double, double> Values(IEnumerable<(double X, double Y)> points)
    {
        var values = new Dictionary<double, double>();
        foreach (var (x, y) in points)
            values[x] = y;
        return values;
    }

    private static string Number(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "";
}
