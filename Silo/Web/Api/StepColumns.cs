using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>
/// Steps of a run as columns of equal length, made for charts: each row is a bucket of <see cref="Width"/> consecutive steps. What is not finite is null;
/// <see cref="NonFinite"/> says where that was a number.
/// </summary>
internal sealed record StepColumns
{
    /// <summary>Steps of a bucket; when it grows, all rows are new.</summary>
    public required long Width { get; init; }

    /// <summary>The index of the first row among the run's buckets; rows from there on take the place of those known before.</summary>
    public required int From { get; init; }

    /// <summary>The last step of each bucket.</summary>
    public required IReadOnlyList<long> Steps { get; init; }

    /// <summary>The mean training loss.</summary>
    public required IReadOnlyList<double?> Loss { get; init; }

    /// <summary>The least training loss.</summary>
    public required IReadOnlyList<double?> Low { get; init; }

    /// <summary>The greatest training loss.</summary>
    public required IReadOnlyList<double?> High { get; init; }

    /// <summary>The learning rate.</summary>
    public required IReadOnlyList<double?> LearningRate { get; init; }

    /// <summary>The mean gradient norm before clipping; null where nobody knows it.</summary>
    public required IReadOnlyList<double?> GradientNorm { get; init; }

    /// <summary>The share of steps whose gradient was clipped, 0 to 1.</summary>
    public required IReadOnlyList<double?> ClipShare { get; init; }

    /// <summary>Steps per second, by the clock: interruptions count.</summary>
    public required IReadOnlyList<double?> StepsPerSecond { get; init; }

    /// <summary>The finished epochs; after rows that are left out, those from the end of the last of these rows on.</summary>
    public required IReadOnlyList<EpochPoint> Epochs { get; init; }

    /// <summary>Where training was interrupted: the newest such places.</summary>
    public required IReadOnlyList<StepMark> Marks { get; init; }

    /// <summary>Where a loss was no finite number.</summary>
    public required IReadOnlyList<NonFiniteLoss> NonFinite { get; init; }

    /// <summary>The columns of a run.</summary>
    /// <param name="course">The run.</param>
    /// <param name="after">Rows without an event after this number are left out.</param>
    public static StepColumns Of(RunCourse course, long after = 0)
    {
        var all = course.Steps.Buckets;
        int from = course.Steps.IndexAfter(after);
        var buckets = all.Skip(from).ToList();
        return new()
        {
            Width = course.Steps.Width,
            From = from,
            Steps = [.. buckets.Select(bucket => bucket.Step)],
            Loss = [.. buckets.Select(bucket => Finite(bucket.Loss))],
            Low = [.. buckets.Select(bucket => Finite(bucket.Low))],
            High = [.. buckets.Select(bucket => Finite(bucket.High))],
            LearningRate = [.. buckets.Select(bucket => Finite(bucket.LearningRate))],
            GradientNorm = [.. buckets.Select(bucket => Finite(bucket.GradientNorm))],
            ClipShare = [.. buckets.Select(bucket => course.ClipNorm is null ? null : Finite(bucket.ClipShare))],
            StepsPerSecond = [.. buckets.Select((_, index) => Rate(all, from + index))],
            Epochs = [.. course.EpochsFrom(from == 0 ? 0 : all[from - 1].Step).Select(epoch => new EpochPoint(epoch.Epoch, epoch.Step, Finite(epoch.Loss), epoch.ValidationLoss is { } loss ? Finite(loss) : null))],
            Marks = [.. course.Interruptions.Select(one => new StepMark(one.Step, Text.State(one.Kind)))],
            NonFinite = [.. buckets.Where(bucket => bucket.NonFinite > 0).Select(bucket => new NonFiniteLoss(bucket.Step, "NaN"))],
        };
    }

    private static double? Rate(IReadOnlyList<StepBucket> all, int index)
    {
        double seconds = index == 0 ? all[0].Seconds : (all[index].Time - all[index - 1].Time).TotalSeconds;
        // Steps of a round are told at once, and clocks are coarse: then what the steps themselves took is the better measure.
        return Finite(all[index].Count / Math.Max(seconds, index == 0 || seconds <= 0 ? all[index].Seconds : 0));
    }

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>A finished epoch.</summary>
/// <param name="Epoch">Its number, from 1.</param>
/// <param name="Step">Committed steps of the run at its end.</param>
/// <param name="Loss">The mean training loss.</param>
/// <param name="ValidationLoss">The mean validation loss; null when nothing is held out.</param>
internal sealed record EpochPoint(int Epoch, long Step, double? Loss, double? ValidationLoss);

/// <summary>A place where training was interrupted.</summary>
/// <param name="Step">The step that was run again, or that the run went on from.</param>
/// <param name="Kind">What it was: <c>recovery</c>, <c>takeover</c>, <c>handover</c>, <c>move</c> or <c>pause</c>.</param>
internal sealed record StepMark(long Step, string Kind);

/// <summary>A loss that was no finite number.</summary>
/// <param name="Step">The last step of its bucket.</param>
/// <param name="NonFinite">What it was; the journal does not tell NaN and infinity apart.</param>
internal sealed record NonFiniteLoss(long Step, string NonFinite);
