using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Specs.Comparing;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>A run in the API.</summary>
/// <param name="Run">Its status; numbers that are not finite are null.</param>
/// <param name="Lost">Whether no coordinator trains the unfinished run: its status is too old.</param>
/// <param name="NonFinite">The original values of the numbers that are null because they are not finite, by name.</param>
/// <param name="Tags">The tags that users have given it.</param>
internal sealed record ApiRun(RunStatus Run, bool Lost, IReadOnlyDictionary<string, string> NonFinite, IReadOnlyList<string> Tags)
{
    /// <summary>A run of the list.</summary>
    public static ApiRun Of(RunEntry run) => Of(run.Info, run.Notes.Tags);

    /// <summary>A run.</summary>
    public static ApiRun Of(RunInfo run) => Of(run, run.ReadNotes().Tags);

    private static ApiRun Of(RunInfo run, IReadOnlyList<string> tags)
    {
        var status = run.Status;
        var found = Named("epochLosses", status.EpochLosses).Concat(Named("validationLosses", status.ValidationLosses))
            .Concat(status.Loss is { } loss ? [("loss", loss)] : [])
            .Concat(status.Metrics.Select(metric => ($"metrics.{metric.Name}", metric.Value)))
            .Concat((status.Test?.Figures.Metrics ?? []).Select(metric => ($"test.{metric.Name}", metric.Value)));
        return new(status, run.IsLost, found.Where(one => !double.IsFinite(one.Item2)).DistinctBy(one => one.Item1)
            .ToDictionary(one => one.Item1, one => one.Item2.ToString(System.Globalization.CultureInfo.InvariantCulture)), tags);
    }

    private static IEnumerable<(string, double)> Named(string name, IReadOnlyList<double> values) =>
        values.Select((value, index) => ($"{name}[{index}]", value));
}

/// <summary>A request to pause or stop a run.</summary>
/// <param name="Reason">The reason as text, recorded in the run's files.</param>
internal sealed record ControlRequest(string? Reason = null);

/// <summary>A request to resume a run.</summary>
/// <param name="Trainers">A different number of trainers; null to keep the number.</param>
/// <param name="FromStart">Whether the run may restart at step 0 if none of its checkpoints is intact.</param>
internal sealed record ResumeOptions(int? Trainers = null, bool FromStart = false);

/// <summary>A request to change the number of a run's trainers while it is trained.</summary>
/// <param name="Trainers">1 to the run's <c>train.shards</c>.</param>
/// <param name="Reason">Who wants it, or why; null for the interface's name.</param>
internal sealed record ResizeOptions(int Trainers, string? Reason = null);

/// <summary>A request to write tags and notes; what is null stays as it is.</summary>
/// <param name="Tags">The tags: all of them, each once.</param>
/// <param name="Text">The text.</param>
/// <param name="Revision">The revision that the writer has read; where it is not the newest, nothing is written. Null for any.</param>
internal sealed record NotesRequest(IReadOnlyList<string>? Tags = null, string? Text = null, int? Revision = null);

/// <summary>The differences between the specs of two runs.</summary>
/// <param name="A">The first run.</param>
/// <param name="B">The second run.</param>
/// <param name="Differences">Each key in which they differ, with both values; null where a spec does not have the key.</param>
internal sealed record Comparison(string A, string B, IReadOnlyList<SpecDifference> Differences);

/// <summary>The sampled activity of each trainer: four samples per second, in columns of equal length.</summary>
/// <param name="Begin">The time of the left edge; null before the first sample.</param>
/// <param name="SecondsPerColumn">The time that a column covers.</param>
/// <param name="Silos">The silos that trainers were on.</param>
/// <param name="Columns">The columns with samples, by index from the left; in each the trainers, in order.</param>
internal sealed record ApiStrip(DateTimeOffset? Begin, double SecondsPerColumn, IReadOnlyList<string> Silos,
    IReadOnlyDictionary<int, Feed.StripCell[]> Columns);
