using System.Text.Json.Nodes;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Runs;

/// <summary>A run as its last status tells it, from its files or from a cluster's catalog.</summary>
/// <param name="Directory">Its files; they need not be on this machine.</param>
/// <param name="Status">Its last status.</param>
/// <param name="Now">When it was looked at.</param>
internal sealed record KnownRun(RunDirectory Directory, RunStatus Status, DateTimeOffset Now)
{
    /// <summary>A run that goes on writes its status more often than this.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Whether the run should go on and does not: nobody has written its status for a while. A run that is paused or waits for slots has nothing to tell.
    /// </summary>
    public bool IsLost => Status.State is RunState.Starting or RunState.Running && Now - Status.UpdatedAt > Silence;

    /// <summary>Whether <c>tbptt resume</c> would make it go on.</summary>
    public bool IsResumable => IsLost || Outcome.IsResumable(Status.State);

    /// <summary>The state in words.</summary>
    public string State => IsLost
        ? $"lost (last heard {Status.UpdatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC)"
        : Status.State == RunState.Queued ? $"queued ({Outcome.Queue(Status.QueuePosition)})" : Text.State(Status.State);

    /// <summary>How long it has gone on, in seconds.</summary>
    public double Seconds => ((Status.EndedAt ?? (IsLost ? Status.UpdatedAt : Now)) - Status.SubmittedAt).TotalSeconds;

    /// <summary>Newest first, then by id.</summary>
    public static IReadOnlyList<KnownRun> NewestFirst(IEnumerable<KnownRun> runs) =>
        [.. runs.OrderByDescending(run => run.Status.SubmittedAt).ThenBy(run => run.Status.Id, StringComparer.Ordinal)];

    /// <summary>A run of a cluster's catalog. Its files are where the silos see them.</summary>
    public static KnownRun Of(RunStatus status, DateTimeOffset now) =>
        new(new(Path.GetDirectoryName(status.Directory) ?? "", RunId.Parse(status.Id)), status, now);

    /// <summary>The status as the file has it, and whether the run is lost.</summary>
    public JsonNode ToJson()
    {
        var node = JsonNode.Parse(RunJson.Write(Status))!;
        node["lost"] = IsLost;
        return node;
    }
}
