using ScottPlot;

namespace Orleans.Tbptt.Benchmarks.Soak;

/// <summary>Draws a soak: resident memory, the silo's managed heap, handles and threads over time.</summary>
internal static class SoakPlot
{
    /// <summary>Draws samples into a PNG.</summary>
    public static void Draw(IReadOnlyList<SoakSample> samples, string png)
    {
        double[] minutes = [.. samples.Select(one => one.Minutes)];
        var figure = new Multiplot();
        figure.AddPlots(2);
        Fill(figure.GetPlot(0), "MB", ("silo, resident", one => one.Silo.Megabytes), ("silo, managed heap", one => one.Heap),
            ("console, resident", one => one.Console.Megabytes));
        Fill(figure.GetPlot(1), "count", ("silo, handles", one => one.Silo.Handles), ("silo, threads", one => one.Silo.Threads),
            ("console, handles", one => one.Console.Handles), ("console, threads", one => one.Console.Threads));
        figure.SavePng(png, 900, 700);

        void Fill(Plot plot, string what, params (string Name, Func<SoakSample, double> Value)[] lines)
        {
            foreach (var (name, value) in lines)
            {
                var line = plot.Add.ScatterLine(minutes, samples.Select(value).ToArray());
                line.LegendText = name;
            }

            plot.YLabel(what);
            plot.XLabel("minutes");
            plot.Axes.SetLimitsY(0, 1.15 * lines.Max(line => samples.Max(line.Value)));
            plot.ShowLegend(Alignment.LowerRight);
        }
    }
}
