using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Silo.Web.Curves;

/// <summary>Consecutive steps of a run, as a point of its charts.</summary>
/// <param name="Step">The last of the steps.</param>
/// <param name="Seconds">Seconds from the run's start to its commit, pauses left out.</param>
/// <param name="Loss">The mean loss; NaN where none was finite.</param>
/// <param name="GradientNorm">The mean gradient norm before clipping; NaN where unknown.</param>
/// <param name="ClipShare">The share of steps whose gradient was clipped; NaN where unknown.</param>
/// <param name="LearningRate">The learning rate of the last step.</param>
/// <param name="StepsPerSecond">Steps per second of wall-clock time; NaN where unknown.</param>
/// <param name="SequenceSteps">Sequence steps from the run's start to its commit.</param>
internal readonly record struct CurvePoint(
    long Step, double Seconds, double Loss, double GradientNorm, double ClipShare, double LearningRate, double StepsPerSecond,
    double SequenceSteps);

/// <summary>A finished epoch, as a point of a run's charts.</summary>
/// <param name="Step">Committed steps of the run at its end.</param>
/// <param name="Loss">The mean training loss.</param>
/// <param name="ValidationLoss">The validation loss; NaN where nothing is held out.</param>
internal readonly record struct EpochCurvePoint(long Step, double Loss, double ValidationLoss);

/// <summary>What the charts of a run show, as of one moment.</summary>
internal sealed record RunCurve
{
    /// <summary>The run's ID.</summary>
    public required string Id { get; init; }

    /// <summary>The steps, in at most 1,024 points.</summary>
    public required IReadOnlyList<CurvePoint> Points { get; init; }

    /// <summary>The finished epochs.</summary>
    public required IReadOnlyList<EpochCurvePoint> Epochs { get; init; }

    /// <summary>Steps at which a silo was lost.</summary>
    public IReadOnlyList<long> Losses { get; init; } = [];

    /// <summary>The norm above which a gradient is clipped; null where none is.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>The curve of a run.</summary>
    public static RunCurve Of(RunSnapshot run) => Of(run.History, run.Status);

    /// <summary>The curve of a run.</summary>
    /// <param name="history">Its history.</param>
    /// <param name="status">Its status.</param>
    public static RunCurve Of(RunHistory history, RunStatus status)
    {
        var pauses = history.Interruptions.Where(one => one.Kind == InterruptionKind.Pause).ToList();
        var buckets = history.Steps.Buckets;
        var points = new CurvePoint[buckets.Count];
        var start = history.Started?.Time ?? (buckets.Count > 0 ? buckets[0].Time : default);
        (int passed, var paused) = (0, TimeSpan.Zero);
        (double elements, double perElement) = (0, SequenceStepsPerElement(history, status));
        for (int i = 0; i < points.Length; i++)
        {
            var bucket = buckets[i];
            for (; passed < pauses.Count && pauses[passed].To <= bucket.Time; passed++)
                paused += pauses[passed].Took;
            double seconds = Math.Max(0, (bucket.Time - start - paused).TotalSeconds);
            elements += Elements(history, bucket);
            points[i] = new(bucket.Step, seconds, bucket.Loss, bucket.GradientNorm,
                history.ClipNorm is null ? double.NaN : bucket.ClipShare, bucket.LearningRate, StepRate.Of(buckets, i),
                elements * perElement);
        }

        return new()
        {
            Id = status.Id,
            Points = points,
            Epochs = [.. history.Epochs.Select(epoch => new EpochCurvePoint(epoch.Step, epoch.Loss, epoch.ValidationLoss ?? double.NaN))],
            Losses = [.. history.Interruptions.Where(one => one.IsLoss).Select(one => one.Step)],
            ClipNorm = history.ClipNorm,
        };
    }

    /// <summary>The place of a step on a horizontal axis; between two points it is interpolated.</summary>
    public double Place(long step, ChartAlignment x)
    {
        if (x == ChartAlignment.Step)
            return step;
        int next = 0;
        while (next < Points.Count - 1 && Points[next].Step < step)
            next++;
        if (Points.Count == 0 || next == 0 || Points[next].Step <= step)
            return Points.Count == 0 ? 0 : Place(Points[next], x);
        var (before, after) = (Points[next - 1], Points[next]);
        double share = (double)(step - before.Step) / (after.Step - before.Step);
        return Place(before, x) + ((Place(after, x) - Place(before, x)) * share);
    }

    /// <summary>The place of a point on a horizontal axis.</summary>
    public static double Place(CurvePoint point, ChartAlignment x) => x switch
    {
        ChartAlignment.Time => point.Seconds,
        ChartAlignment.Sequence => point.SequenceSteps,
        _ => point.Step,
    };

    /// <summary>
    /// What converts elements, which the journal has of each step, to sequence steps, of which only the run's sum is known. The journal may
    /// lack steps (<c>metrics.every</c>): those that it has count for them.
    /// </summary>
    private static double SequenceStepsPerElement(RunHistory history, RunStatus status)
    {
        var buckets = history.Steps.Buckets;
        double elements = buckets.Sum(bucket => Elements(history, bucket));
        return elements > 0 && status.Step > 0 ? (double)status.SequenceSteps / status.Step * buckets[^1].Step / elements : 0;
    }

    /// <summary>Elements of a bucket; its steps, as if all had as many, where their weights are another sum.</summary>
    private static double Elements(RunHistory history, StepBucket bucket) =>
        history.CountsElements ? bucket[StepMetric.Weight].Sum : bucket.Count;
}
