using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Charts;

namespace Orleans.Tbptt.Silo.Web.Curves;

/// <summary>The charts of one run.</summary>
internal static class RunCharts
{
    /// <summary>The charts' names, in the order of the page.</summary>
    public static IReadOnlyList<string> Names { get; } = ["loss", "throughput", "norm", "lr"];

    /// <summary>The smoothing of the throughput.</summary>
    private const double RateSmoothing = 0.9;

    /// <summary>Points beyond this many would hide each other: a line takes their place.</summary>
    private const int MostPoints = 80;

    /// <summary>A chart; null where there is none of this name.</summary>
    public static Chart? Of(RunCurve run, string name, ChartView view) => name switch
    {
        "loss" => Loss(run, view),
        "throughput" => new(name, $"Throughput of {run.Id}", XAxis(view.X), new("steps per second", FromZero: true),
        [
            new("steps/s", ChartColour.Raw, Points(run, view, point => point.StepsPerSecond)) { Width = 1 },
            new("steps/s, smoothed", ChartColour.Of(0), Smooth(Points(run, view, point => point.StepsPerSecond), RateSmoothing)),
        ]),
        "norm" => new(name, $"Gradient norm of {run.Id} before clipping", XAxis(view.X), new("gradient norm", Log: view.Log),
        [
            new("gradient norm", ChartColour.Of(0), Points(run, view, point => point.GradientNorm)),
            .. run.ClipNorm is null ? [] : new[] { Clipped(run, view) },
        ]) { Share = run.ClipNorm is null ? null : new("clipped steps", AxisKind.Share) },
        "lr" => new(name, $"Learning rate of {run.Id}", XAxis(view.X), new("learning rate", FromZero: true),
            [new("learning rate", ChartColour.Of(0), Points(run, view, point => point.LearningRate))]),
        _ => null,
    } is { } chart ? chart with { From = view.From, To = view.To, Marks = [.. run.Losses.Select(step => run.Place(step, view.X))] } : null;

    /// <summary>The horizontal axis.</summary>
    public static ChartAxis XAxis(ChartAlignment x) => x switch
    {
        ChartAlignment.Time => new("time since the start, pauses left out", AxisKind.Duration),
        ChartAlignment.Sequence => new("sequence steps", AxisKind.Count),
        _ => new("step", AxisKind.Count),
    };

    /// <summary>The validation losses at their epochs' ends.</summary>
    public static IReadOnlyList<ChartPoint> Validation(RunCurve run, ChartAlignment x) =>
        [.. run.Epochs.Where(epoch => double.IsFinite(epoch.ValidationLoss))
            .Select(epoch => new ChartPoint(run.Place(epoch.Step, x), epoch.ValidationLoss))];

    /// <summary>Values of a run's points.</summary>
    public static IReadOnlyList<ChartPoint> Points(RunCurve run, ChartView view, Func<CurvePoint, double> value) =>
        [.. run.Points.Select(point => new ChartPoint(RunCurve.Place(point, view.X), value(point)))];

    /// <summary>An exponential mean with bias correction; gaps stay gaps.</summary>
    public static IReadOnlyList<ChartPoint> Smooth(IReadOnlyList<ChartPoint> points, double weight)
    {
        if (weight == 0)
            return points;
        var smoothed = new ChartPoint[points.Count];
        (double sum, double share) = (0, 1);
        for (int i = 0; i < smoothed.Length; i++)
        {
            double value = points[i].Y;
            if (double.IsFinite(value))
            {
                sum = (weight * sum) + ((1 - weight) * value);
                share *= weight;
            }

            smoothed[i] = points[i] with { Y = double.IsFinite(value) ? sum / (1 - share) : double.NaN };
        }

        return smoothed;
    }

    private static Chart Loss(RunCurve run, ChartView view)
    {
        var raw = Points(run, view, point => point.Loss);
        var validation = Validation(run, view.X);
        return new("loss", $"Loss of {run.Id}", XAxis(view.X), new("loss", Log: view.Log),
        [
            new("train", ChartColour.Raw, raw) { Width = 1 },
            .. view.Smoothing > 0 ? [Smoothed(raw, view.Smoothing)] : Array.Empty<ChartSeries>(),
            .. validation.Count > 0 ? [new("validation", ChartColour.Validation, validation) { IsPoints = validation.Count <= MostPoints }]
                : Array.Empty<ChartSeries>(),
        ]);
    }

    private static ChartSeries Smoothed(IReadOnlyList<ChartPoint> raw, double weight) =>
        new($"train, smoothed {Text.Figure(weight)}", ChartColour.Of(0), Smooth(raw, weight)) { Width = 2 };

    private static ChartSeries Clipped(RunCurve run, ChartView view) =>
        new("share of clipped steps", ChartColour.Of(1), Points(run, view, point => point.ClipShare)) { IsShare = true, Width = 1 };
}
