namespace Orleans.Tbptt.Silo.Web.Sweeping;

/// <summary>
/// How much of the differences between trials goes with one parameter alone: of numbers the square of Spearman's rank correlation with the
/// figure, of words the correlation ratio η² of the figure's ranks. Effects of several parameters together are not seen.
/// </summary>
internal static class Importance
{
    /// <summary>The share, 0 to 1; NaN where fewer than three trials have a figure, or nothing differs.</summary>
    /// <param name="axis">The parameter.</param>
    /// <param name="figures">The figure of each trial; NaN where it has none.</param>
    public static double Of(SweepAxis axis, IReadOnlyList<double> figures)
    {
        int[] with = [.. Enumerable.Range(0, figures.Count).Where(trial => double.IsFinite(figures[trial]))];
        if (with.Length < 3)
            return double.NaN;
        double[] ranks = Ranks([.. with.Select(trial => figures[trial])]), values = [.. with.Select(trial => axis.Numbers[trial])];
        double mean = ranks.Average(), total = ranks.Sum(rank => (rank - mean) * (rank - mean));
        if (!axis.IsNumber)
        {
            return ranks.Zip(values).GroupBy(one => one.Second, one => one.First)
                .Sum(group => group.Count() * Math.Pow(group.Average() - mean, 2)) / total;
        }

        double[] other = Ranks(values);
        double covariance = ranks.Zip(other, (rank, place) => (rank - mean) * (place - mean)).Sum();
        double spread = other.Sum(place => (place - mean) * (place - mean));
        return covariance * covariance / (total * spread);
    }

    /// <summary>The ranks of values, from 1; of equal ones their mean.</summary>
    internal static double[] Ranks(double[] values) =>
        [.. values.Select(value => values.Count(other => other < value) + ((values.Count(other => other == value) + 1) / 2.0))];
}
