using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>
/// Steps of a run as columns of equal length, for charts: each row is a bucket of <see cref="Width"/> consecutive steps. Values that are
/// not finite are null; <see cref="NonFinite"/> lists them.
/// </summary>
internal sealed record StepColumns
{
    /// <summary>Steps per bucket; when it grows, all rows change.</summary>
    public required long Width { get; init; }

    /// <summary>The index of the first row among the run's buckets; rows from there on replace the previous ones.</summary>
    public required int From { get; init; }

    /// <summary>The last step of each bucket.</summary>
    public required IReadOnlyList<long> Steps { get; init; }

    /// <summary>The mean training loss.</summary>
    public required IReadOnlyList<double?> Loss { get; init; }

    /// <summary>The minimum training loss.</summary>
    public required IReadOnlyList<double?> Low { get; init; }

    /// <summary>The maximum training loss.</summary>
    public required IReadOnlyList<double?> High { get; init; }

    /// <summary>The learning rate.</summary>
    public required IReadOnlyList<double?> LearningRate { get; init; }

    /// <summary>The mean gradient norm before clipping; null where unknown.</summary>
    public required IReadOnlyList<double?> GradientNorm { get; init; }

    /// <summary>The share of steps whose gradient was clipped, 0 to 1.</summary>
    public required IReadOnlyList<double?> ClipShare { get; init; }

    /// <summary>Steps per second of wall-clock time, interruptions included.</summary>
    public required IReadOnlyList<double?> StepsPerSecond { get; init; }

    /// <summary>The finished epochs; where rows are left out, those from the end of the last omitted row on.</summary>
    public required IReadOnlyList<EpochPoint> Epochs { get; init; }

    /// <summary>The newest interruptions of training.</summary>
    public required IReadOnlyList<StepMark> Marks { get; init; }

    /// <summary>The losses that were not finite.</summary>
    public required IReadOnlyList<NonFiniteLoss> NonFinite { get; init; }

    /// <summary>The columns of a run.</summary>
    /// <param name="history">The run.</param>
    /// <param name="after">Rows without an event after this number are left out.</param>
    public static StepColumns Of(RunHistory history, long after = 0)
    {
        var all = history.Steps.Buckets;
        int from = history.Steps.IndexAfter(after);
        var buckets = all.Skip(from).ToList();
        return new()
        {
            Width = history.Steps.Width,
            From = from,
            Steps = [.. buckets.Select(bucket => bucket.Step)],
            Loss = [.. buckets.Select(bucket => Finite(bucket.Loss))],
            Low = [.. buckets.Select(bucket => Finite(bucket.Low))],
            High = [.. buckets.Select(bucket => Finite(bucket.High))],
            LearningRate = [.. buckets.Select(bucket => Finite(bucket.LearningRate))],
            GradientNorm = [.. buckets.Select(bucket => Finite(bucket.GradientNorm))],
            ClipShare = [.. buckets.Select(bucket => history.ClipNorm is null ? null : Finite(bucket.ClipShare))],
            StepsPerSecond = [.. buckets.Select((_, index) => Finite(StepRate.Of(all, from + index)))],
            Epochs = [.. history.EpochsFrom(from == 0 ? 0 : all[from - 1].Step)
                .Select(epoch =>
                    new EpochPoint(epoch.Epoch, epoch.Step, Finite(epoch.Loss), epoch.ValidationLoss is { } loss ? Finite(loss) : null))],
            Marks = [.. history.Interruptions.Select(one => new StepMark(one.Step, Text.State(one.Kind)))],
            NonFinite =
            [
                .. buckets.Where(bucket => bucket.NonFinite > 0 && bucket[StepMetric.Weight].Min > 0)
                    .Select(bucket => new NonFiniteLoss(bucket.Step, "NaN")),
            ],
        };
    }

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>A finished epoch.</summary>
/// <param name="Epoch">Its number, from 1.</param>
/// <param name="Step">Committed steps of the run at its end.</param>
/// <param name="Loss">The mean training loss.</param>
/// <param name="ValidationLoss">The mean validation loss; null when nothing is held out.</param>
internal sealed record EpochPoint(int Epoch, long Step, double? Loss, double? ValidationLoss);

/// <summary>An interruption of training.</summary>
/// <param name="Step">The step that was repeated, or from which the run continued.</param>
/// <param name="Kind">The kind: <c>recovery</c>, <c>takeover</c>, <c>handover</c>, <c>move</c>, <c>resize</c> or <c>pause</c>.</param>
internal sealed record StepMark(long Step, string Kind);

/// <summary>A loss that was not finite.</summary>
/// <param name="Step">The last step of its bucket.</param>
/// <param name="NonFinite">The original value; the journal does not distinguish NaN and infinity.</param>
internal sealed record NonFiniteLoss(long Step, string NonFinite);
