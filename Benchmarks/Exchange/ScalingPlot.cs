using System.Globalization;
using ScottPlot;

namespace Orleans.Tbptt.Benchmarks.Exchange;

/// <summary>
/// Draws the table of <see cref="ScalingTable"/>: time and bytes of a step of the small model by trainers, a line for each number of silos.
/// </summary>
internal static class ScalingPlot
{
    /// <summary>Draws a table into a PNG.</summary>
    /// <param name="csv">The table.</param>
    /// <param name="png">The plot's file.</param>
    public static void Draw(string csv, string png)
    {
        // parameters, silos, trainers, microseconds, processor microseconds, bytes, …
        double[][] rows = [.. File.ReadAllLines(csv).Skip(1)
            .Select(line => line.Split(',').SkipLast(1).Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];
        double parameters = rows.Min(row => row[0]);
        var figure = new Multiplot();
        figure.AddPlots(2);
        Fill(figure.GetPlot(0), "µs per step", 3);
        Fill(figure.GetPlot(1), "kB per step between silos", 5, 1e-3);
        figure.SavePng(png, 900, 700);

        void Fill(Plot plot, string what, int column, double unit = 1)
        {
            foreach (var line in rows.Where(row => row[0] == parameters).GroupBy(row => row[1]))
            {
                double[][] points = [.. line.OrderBy(row => row[2])];
                var scatter =
                    plot.Add.Scatter(points.Select(row => Math.Log2(row[2])).ToArray(), points.Select(row => row[column] * unit).ToArray());
                scatter.LegendText = $"{line.Key:f0} silos";
            }

            plot.YLabel(what);
            plot.XLabel("trainers");
            double[] ticks = [.. rows.Where(row => row[0] == parameters).Select(row => row[2]).Distinct().Order()];
            plot.Axes.Bottom.SetTicks([.. ticks.Select(Math.Log2)], [.. ticks.Select(tick => $"{tick:f0}")]);
            plot.Axes.Margins(bottom: 0);
            plot.ShowLegend(Alignment.UpperLeft);
        }
    }
}
