using System.Globalization;
using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Silo.Web.Markup;

/// <summary>Small line charts that need no script.</summary>
internal static class Sparkline
{
    /// <summary>A line through some values; nothing where there are fewer than two.</summary>
    /// <param name="values">The values; those that are not finite are gaps.</param>
    /// <param name="what">The chart's name for screen readers.</param>
    /// <param name="logarithmic">Whether the axis is logarithmic; it is linear where a value is not positive.</param>
    /// <param name="width">Its width, in SVG units.</param>
    /// <param name="height">Its height.</param>
    public static IHtmlContent Of(IReadOnlyList<double> values, string what, bool logarithmic = false, int width = 120, int height = 28)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        if (finite.Length < 2)
            return Html.None;
        bool log = logarithmic && finite.Min() > 0;
        double low = Scale(finite.Min(), log), high = Scale(finite.Max(), log);
        string points = string.Join(' ', values.Index().Where(point => double.IsFinite(point.Item)).Select(point =>
        {
            double x = (width - 2.0) * point.Index / (values.Count - 1);
            double y = (height - 2.0) * (high == low ? 0.5 : (high - Scale(point.Item, log)) / (high - low));
            return string.Create(CultureInfo.InvariantCulture, $"{1 + x:0.#},{1 + y:0.#}");
        }));
        return Html.Of($"""
            <svg class="sparkline" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" aria-label="{what}: from {Text.Figure(finite[0])} to {Text.Figure(finite[^1])}, least {Text.Figure(finite.Min())}"><polyline points="{points}"/></svg>
            """);
    }

    private static double Scale(double value, bool log) => log ? Math.Log(value) : value;
}
