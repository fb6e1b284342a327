using System.Globalization;
using Orleans.Tbptt.Client.Plots;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Training.Models;
using ScottPlot;

namespace Orleans.Tbptt.Client.Models;

/// <summary>Draws a backtest: of each series and target what came, and the forecasts from each cut.</summary>
internal static class ForecastPlot
{
    private const int Width = 1200;
    private const int PanelHeight = 260;
    private const int TitleHeight = 60;
    /// <summary>Panels, at most: one for each series and target.</summary>
    public const int MostPanels = 8;

    /// <summary>Rows before the first cut that are drawn: so many horizons.</summary>
    private const int HorizonsBefore = 4;

    private const int LeastBefore = 24;

    private const double IntervalAlpha = 0.25;

    /// <summary>Writes a PNG.</summary>
    /// <exception cref="ClientException">There is no native library, or the file cannot be written.</exception>
    public static void Draw(BacktestResult result, string png, bool force) => PngFile.Save(
        png, force, "tbptt backtest prints and writes the same forecasts", unfinished =>
        {
            (int Sequence, int Target)[] panels =
            [
                .. from sequence in result.Drawn.Select(window => window.Sequence).Distinct()
                   from target in Enumerable.Range(0, result.Targets.Count)
                   select (sequence, target),
            ];
            int all = result.Sequences * result.Targets.Count, drawn = Math.Min(MostPanels, panels.Length);
            var figure = new Multiplot();
            figure.AddPlots(drawn);
            figure.Layout = new ScottPlot.MultiplotLayouts.Grid(rows: drawn, columns: 1);
            for (int i = 0; i < drawn; i++)
                Fill(figure.GetPlot(i), result, panels[i].Sequence, panels[i].Target);
            string title = $"{result.Package.Spec.Name}: what came (blue) and forecasts {Text.Plural(result.Plan.Horizon, "row")} ahead "
                + $"from {Text.Plural(result.Plan.Cuts, "cut")} (orange{Interval(result)})";
            figure.GetPlot(0).Title(
                drawn < all ? $"{title}\nnot drawn: {Text.Plural(all - drawn, "further panel")}" : title, size: 12);
            if (!TimeAxis.HasDates(result.Held))
                figure.GetPlot(drawn - 1).XLabel("row");
            figure.SavePng(unfinished, Width, (PanelHeight * drawn) + TitleHeight);
        });

    private static void Fill(Plot plot, BacktestResult result, int sequence, int target)
    {
        var windows = result.Drawn.Where(window => window.Sequence == sequence).ToList();
        int horizon = result.Plan.Horizon, targets = result.Targets.Count;
        int end = windows.Max(window => window.Row) + horizon;
        int before = Math.Max(LeastBefore, HorizonsBefore * horizon);
        Line(Actual(result, sequence, target, windows.Min(window => window.Row) - before, end), Colors.C0);
        foreach (var window in windows)
        {
            double place = PlaceOf(window.Row - 1), next = PlaceOf(window.Row);
            plot.Add.VerticalLine((place + next) / 2, 1, Colors.Gray, LinePattern.Dashed);
            if (window.Low.Length > 0)
                Fill(window);
            Line([.. Enumerable.Range(0, horizon).Select(
                ahead => (PlaceOf(window.Row + ahead), window.Forecasts[(ahead * targets) + target]))], Colors.C1);
        }

        if (TimeAxis.HasDates(result.Held))
            TimeAxis.LabelDates(plot);
        string of = result.Held.SeriesOf(sequence) is { } series ? $"{Text.OneLine(series)}\n" : "";
        plot.YLabel($"{of}{Text.OneLine(result.Targets[target])}", size: 12);
        plot.Axes.Margins(0.01, 0.08);

        // A gap is drawn as one.
        void Line((double X, double Y)[] points, Color color)
        {
            if (points.Length == 0)
                return;
            var drawn = plot.Add.ScatterLine(points.Select(point => point.X).ToArray(), points.Select(point => point.Y).ToArray());
            (drawn.Color, drawn.LineWidth) = (color, points.Length > 1 ? 1.5f : 1);
            if (points.Length == 1)
                drawn.MarkerSize = 5;
        }

        // The interval of the forecasts; of a single one an upright line.
        void Fill(BacktestWindow window)
        {
            var ends = Enumerable.Range(0, horizon).Select(ahead => (
                Place: PlaceOf(window.Row + ahead), At: (ahead * targets) + target)).Where(
                one => double.IsFinite(window.Low[one.At]) && double.IsFinite(window.High[one.At])).ToList();
            if (ends.Count == 1)
                Line([(ends[0].Place, window.Low[ends[0].At]), (ends[0].Place, window.High[ends[0].At])], Colors.C1);
            if (ends.Count < 2)
                return;
            var band = plot.Add.FillY(
                [.. ends.Select(one => one.Place)], [.. ends.Select(one => window.Low[one.At])],
                [.. ends.Select(one => window.High[one.At])]);
            band.FillColor = Colors.C1.WithAlpha(IntervalAlpha);
            band.LineWidth = 0;
        }

        double PlaceOf(int row) => PlaceIn(result.Held, sequence, row);
    }

    private static string Interval(BacktestResult result) => result.Package.Spec.Train.Loss.Coverage is { } share
        ? string.Create(CultureInfo.InvariantCulture, $", with the interval that {share:0.##%} should lie in") : "";

    /// <summary>The values of rows; only those that are some row's target.</summary>
    private static (double Place, double Value)[] Actual(BacktestResult result, int sequence, int target, int first, int end)
    {
        var held = result.Held;
        var source = (Data.Tables.TableSource)result.Package.Spec.Data.Source;
        int horizon = source.Horizon, targets = result.Targets.Count * source.Horizons;
        target *= source.Horizons;
        first = Math.Max(first, horizon);
        var steps = new SequenceSlice(sequence, first - horizon, end - first);
        var rows = new float[steps.Length * targets];
        held.ReadTargets(steps, rows);
        float[] column = [.. Enumerable.Range(0, steps.Length).Select(row => rows[(row * targets) + target])];
        var units = new double[steps.Length];
        if (held.Units is { } known)
            known.ToUnits(steps, target, column, units);
        else
            column.Select(value => (double)value).ToArray().CopyTo(units, 0);
        return [.. units.Select((value, row) => (PlaceIn(held, sequence, first + row), value))];
    }

    private static double PlaceIn(ISequenceSet held, int sequence, int row) => !TimeAxis.HasDates(held) ? row + 1
        : TimeAxis.OfDate(held.Times!.InstantOf(sequence, row));
}
