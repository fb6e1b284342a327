using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Curves;

namespace Orleans.Tbptt.Silo.Web.Comparing;

/// <summary>The chart of a comparison: a line for each run, or for each group its mean with its spread.</summary>
internal static class ComparisonChart
{
    /// <summary>How many points all lines have together, about: many runs have fewer points each.</summary>
    private const int MostPoints = 24_000;

    private const int FewestPoints = 150;

    /// <summary>The chart.</summary>
    public static Chart Of(RunComparison comparison)
    {
        var query = comparison.Query;
        string title = ComparisonQuery.Figures.First(figure => figure.Name == query.Show).Title;
        bool grouped = query.Group is not null;
        return new(query.Show, $"{char.ToUpperInvariant(title[0])}{title[1..]} of {Text.Plural(comparison.Runs.Count, "run")}",
            RunCharts.XAxis(query.View.X),
            new(title, Log: query.View.Log && query.Show is "loss" or "validation" or "norm", FromZero: query.Show is "throughput" or "lr"),
            [.. comparison.Groups.Select(group => grouped ? Mean(comparison, group) : Line(comparison, group))])
        {
            From = query.View.From, To = query.View.To,
        };
    }

    private static ChartSeries Line(RunComparison comparison, RunGroup group) =>
        Series(group, group.Name, Points(comparison, group.Members[0]));

    private static ChartSeries Mean(RunComparison comparison, RunGroup group)
    {
        var (mean, band, lines) = Spread.Over([.. group.Members.Select(run => Points(comparison, run))]);
        return Series(group, $"{group.Name} ({Content(lines, group.Members.Count, mean.Count > 0)})", mean)
            with { Band = band, Width = 2.2 };
    }

    /// <summary>What a group's line shows, in words.</summary>
    /// <param name="used">Runs of the group that have values.</param>
    /// <param name="members">All its runs.</param>
    /// <param name="overlap">Whether those with values have a range in common.</param>
    private static string Content(int used, int members, bool overlap)
    {
        string runs = used == members ? Text.Plural(members, "run") : $"{used} of {Text.Plural(members, "run")}";
        return used switch
        {
            0 => $"no values in {Text.Plural(members, "run")}",
            1 => runs,
            _ => overlap ? $"mean of {runs} ± SD" : $"no mean: {runs} have no range in common",
        };
    }

    private static ChartSeries Series(RunGroup group, string name, IReadOnlyList<ChartPoint> points) =>
        new(name, ChartColour.Of(group.Index), points) { Dash = group.Index / ChartColour.Count };

    private static IReadOnlyList<ChartPoint> Points(RunComparison comparison, int run)
    {
        var (curve, view) = (comparison.Curves[run], comparison.Query.View);
        var points = comparison.Query.Show switch
        {
            "validation" => RunCharts.Validation(curve, view.X),
            "norm" => RunCharts.Smooth(RunCharts.Points(curve, view, point => point.GradientNorm), view.Smoothing),
            "throughput" => RunCharts.Smooth(RunCharts.Points(curve, view, point => point.StepsPerSecond), view.Smoothing),
            "lr" => RunCharts.Points(curve, view, point => point.LearningRate),
            _ => RunCharts.Smooth(RunCharts.Points(curve, view, point => point.Loss), view.Smoothing),
        };
        return Thinned(points, Math.Max(FewestPoints, MostPoints / comparison.Runs.Count));
    }

    /// <summary>Every n-th point, and the last one; smoothed lines lose nothing that shows.</summary>
    private static IReadOnlyList<ChartPoint> Thinned(IReadOnlyList<ChartPoint> points, int most)
    {
        int every = (points.Count + most - 1) / most;
        return every <= 1 ? points : [.. points.Where((_, index) => index % every == 0 || index == points.Count - 1)];
    }
}
