using Orleans.Tbptt.Silo.Web.Charts;

namespace Orleans.Tbptt.Silo.Web.Comparing;

/// <summary>Mean and standard deviation.</summary>
/// <param name="Mean">The mean; NaN of no values.</param>
/// <param name="Deviation">The sample's standard deviation; NaN of fewer than two values.</param>
/// <param name="Count">How many finite values there are.</param>
internal readonly record struct Spread(double Mean, double Deviation, int Count)
{
    /// <summary>Points of a group's line.</summary>
    private const int Points = 240;

    /// <summary>Of some values; those that are not finite are left out.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        // Welford's recurrence, because a sum of squares would lose the spread of values that are large or close together.
        (int count, double mean, double squares) = (0, 0, 0);
        foreach (double value in values.Where(double.IsFinite))
        {
            count++;
            double apart = value - mean;
            mean += apart / count;
            squares += apart * (value - mean);
        }

        return new(count == 0 ? double.NaN : mean, count < 2 ? double.NaN : Math.Sqrt(squares / (count - 1)), count);
    }

    /// <summary>
    /// The mean of several lines with its spread, over the range in which all of them have points: elsewhere the mean would be one of
    /// other runs.
    /// </summary>
    /// <returns>
    /// The mean, empty where there is no such range; its spread; and how many lines it is of: those without finite points are left out.
    /// </returns>
    public static (IReadOnlyList<ChartPoint> Mean, IReadOnlyList<BandPoint> Band, int Lines) Over(
        IReadOnlyList<IReadOnlyList<ChartPoint>> lines)
    {
        var finite = lines.Select(line => line.Where(point => double.IsFinite(point.Y)).ToArray()).Where(line => line.Length > 0).ToList();
        if (finite.Count == 0)
            return ([], [], 0);
        double from = finite.Max(line => line[0].X), to = finite.Min(line => line[^1].X);
        double[] places = [.. finite.SelectMany(line => line).Select(point => point.X).Where(x => x >= from && x <= to).Distinct().Order()];
        if (places.Length > Points)
            places = [.. Enumerable.Range(0, Points).Select(point => from + ((to - from) * point / (Points - 1)))];
        var at = new int[finite.Count];
        var mean = new List<ChartPoint>();
        var band = new List<BandPoint>();
        foreach (double x in places)
        {
            var spread = Of(finite.Select((line, index) => At(line, ref at[index], x)));
            mean.Add(new(x, spread.Mean));
            if (spread.Count > 1)
                band.Add(new(x, spread.Mean - spread.Deviation, spread.Mean + spread.Deviation));
        }

        return (mean, band, finite.Count);
    }

    /// <summary>A line's value at a place, interpolated; places are asked for in order.</summary>
    private static double At(ChartPoint[] line, ref int index, double x)
    {
        while (index < line.Length - 1 && line[index + 1].X <= x)
            index++;
        var before = line[index];
        if (index == line.Length - 1 || before.X >= x)
            return before.Y;
        var after = line[index + 1];
        return before.Y + ((after.Y - before.Y) * (x - before.X) / (after.X - before.X));
    }
}
