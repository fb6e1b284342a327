using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using ScottPlot;

namespace Orleans.Tbptt.Client.Plots;

/// <summary>
/// Draws the columns of a run below each other: values over time with the border of what is held out, and their histogram. ScottPlot and
/// its native library are loaded here alone.
/// </summary>
internal static class DataPlot
{
    private const int Width = 1200;
    private const int PanelHeight = 200;
    private const int Most = 24;

    /// <summary>Reads the data of a spec again, and writes a PNG.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="png">The file.</param>
    /// <param name="force">Whether it may be replaced.</param>
    /// <exception cref="ClientException">There is nothing to draw, no native library, or the file cannot be written.</exception>
    public static void Draw(RunSpec spec, string png, bool force)
    {
        using var run = PreparedRun.Prepare(spec, fingerprint: false, times: true, reader: SpecLoader.Reader);
        var data = PlotData.Of(run);
        PngFile.Save(png, force, "tbptt data prints the same figures", unfinished =>
            Figure(data, spec.Name).SavePng(unfinished, Width, (PanelHeight * data.Panels.Count) + 60));
    }

    private static Multiplot Figure(PlotData data, string name)
    {
        var figure = new Multiplot();
        figure.AddPlots(2 * data.Panels.Count);
        figure.Layout = new WideAndNarrow();
        for (int i = 0; i < data.Panels.Count; i++)
        {
            Values(figure.GetPlot(2 * i), data.Panels[i], data);
            Distribution(figure.GetPlot((2 * i) + 1), data.Panels[i]);
        }

        string[] remarks = [$"{name}, {data.Parts}", .. data.LeftOut is { } left ? new[] { left } : []];
        figure.GetPlot(0).Title(string.Join('\n', remarks), size: 12);
        for (int i = 0; data.HasDates && i < data.Panels.Count; i++)
            TimeAxis.LabelDates(figure.GetPlot(2 * i));
        if (!data.HasDates)
            figure.GetPlot(2 * (data.Panels.Count - 1)).XLabel("time step");
        return figure;
    }

    private static void Values(Plot plot, ColumnPanel panel, PlotData data)
    {
        foreach (ColumnLine line in panel.Lines.Where(line => line.X.Count > 0))
        {
            var drawn = plot.Add.ScatterLine(line.X.ToArray(), line.Y.ToArray());
            drawn.Color = line.Part switch
            {
                DataPart.Training => Colors.C0,
                DataPart.Validation => Colors.C1,
                _ => Colors.C2,
            };
            drawn.LineWidth = 1;
        }

        foreach (double border in data.Borders)
            plot.Add.VerticalLine(data.HasDates ? border : border - 0.5, 1, Colors.Gray, LinePattern.Dashed);
        plot.YLabel(panel.Unit.Length == 0 ? panel.Title : $"{panel.Title}\n{panel.Unit}", size: 12);
        plot.Axes.Margins(0.01, 0.08);
    }

    private static void Distribution(Plot plot, ColumnPanel panel)
    {
        var (counts, from, width) = Histogram(panel);
        Bar[] bars = [.. counts.Select((count, i) => new Bar
        {
            Position = from + ((i + 0.5) * width), Value = count, Size = width, FillColor = Colors.C0.WithAlpha(0.7), LineWidth = 0,
        })];
        if (bars.Length > 0)
            plot.Add.Bars(bars);
        if (panel.Unit.Length > 0)
            plot.XLabel(panel.Unit, size: 10);
        plot.Axes.Margins(bottom: 0, left: 0.02, right: 0.02);
    }

    /// <summary>What the source has counted, in the unit of the lines; of what it has not, the drawn values.</summary>
    private static (IReadOnlyList<long> Counts, double From, double Width) Histogram(ColumnPanel panel)
    {
        if (panel.Column is { Histogram: { Count: > 0 } counted, Min: { } min, Max: { } max })
            return (counted, min, max > min ? (max - min) / counted.Count : 1);
        double[] values = [.. panel.Lines.SelectMany(line => line.Y)];
        if (values.Length == 0)
            return ([], 0, 1);
        (double least, double most) = (values.Min(), values.Max());
        double width = most > least ? (most - least) / Most : 1;
        var counts = new long[Most];
        foreach (double value in values)
            counts[Math.Min(Most - 1, (int)((value - least) / width))]++;
        return (counts, least, width);
    }

    /// <summary>Two plots in a row, of which the left one is three times as wide.</summary>
    private sealed class WideAndNarrow : IMultiplotLayout
    {
        public PixelRect[] GetSubplotRectangles(SubplotCollection subplots, PixelRect figureRect)
        {
            int rows = subplots.Count / 2;
            float height = figureRect.Height / rows, border = figureRect.Left + (0.72f * figureRect.Width);
            return
            [
                .. Enumerable.Range(0, 2 * rows).Select(i => new PixelRect(
                    i % 2 == 0 ? figureRect.Left : border, i % 2 == 0 ? border : figureRect.Right,
                    figureRect.Top + (((i / 2) + 1) * height), figureRect.Top + (i / 2 * height))),
            ];
        }
    }
}
