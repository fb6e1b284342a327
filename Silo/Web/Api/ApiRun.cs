using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>A run as programs see it.</summary>
/// <param name="Run">Its status; numbers that are not finite are null.</param>
/// <param name="Lost">Whether it should go on and does not: nobody has written its status for a while.</param>
/// <param name="NonFinite">The numbers that are null because they are not finite, by name, and what they were.</param>
internal sealed record ApiRun(RunStatus Run, bool Lost, IReadOnlyDictionary<string, string> NonFinite)
{
    /// <summary>A run.</summary>
    public static ApiRun Of(KnownRun run)
    {
        var status = run.Status;
        var found = Named("epochLosses", status.EpochLosses).Concat(Named("validationLosses", status.ValidationLosses))
            .Concat(status.Loss is { } loss ? [("loss", loss)] : [])
            .Concat(status.Metrics.Select(metric => ($"metrics.{metric.Name}", metric.Value)));
        return new(status, run.IsLost, found.Where(one => !double.IsFinite(one.Item2)).DistinctBy(one => one.Item1)
            .ToDictionary(one => one.Item1, one => one.Item2.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static IEnumerable<(string, double)> Named(string name, IReadOnlyList<double> values) =>
        values.Select((value, index) => ($"{name}[{index}]", value));
}

/// <summary>What is wished of a run.</summary>
/// <param name="Reason">In words, who wishes it or why; goes into the run's files.</param>
internal sealed record ControlRequest(string? Reason = null);

/// <summary>How a run shall be resumed.</summary>
/// <param name="Trainers">Another number of trainers than the run has had so far; null for the same.</param>
/// <param name="FromStart">Whether a run none of whose checkpoints is whole may begin again at step 0.</param>
internal sealed record ResumeOptions(int? Trainers = null, bool FromStart = false);

/// <summary>How the specs of two runs differ.</summary>
/// <param name="A">The first run.</param>
/// <param name="B">The second run.</param>
/// <param name="Differences">Each key in which they differ, with both values; null where a spec does not have the key.</param>
internal sealed record Comparison(string A, string B, IReadOnlyList<Pages.Compare.SpecDifference> Differences);

/// <summary>What each trainer was seen doing: samples, four a second, in columns of equal length.</summary>
/// <param name="Begin">The time of the left edge; null before the first sample.</param>
/// <param name="SecondsPerColumn">The time that a column takes.</param>
/// <param name="Silos">The silos that trainers were seen on.</param>
/// <param name="Columns">The columns that have samples, by their place from the left; in each the trainers, in order.</param>
internal sealed record ApiStrip(DateTimeOffset? Begin, double SecondsPerColumn, IReadOnlyList<string> Silos, IReadOnlyDictionary<int, Feed.StripCell[]> Columns);
