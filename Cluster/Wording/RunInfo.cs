using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Cluster.Wording;

/// <summary>A run and its last status, read from its files or from a cluster's catalog.</summary>
/// <param name="Directory">The run's files; they need not be on this machine.</param>
/// <param name="Status">The last status.</param>
/// <param name="Now">When the status was read.</param>
public sealed record RunInfo(RunDirectory Directory, RunStatus Status, DateTimeOffset Now)
{
    /// <summary>A run in training writes its status more often than this.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Whether the silos that were started for this unfinished run are gone: no other silo continues it, but <c>tbptt resume</c> does.
    /// </summary>
    public bool IsInterrupted { get; } = WasInterrupted(Directory, Status, Now);

    /// <summary>
    /// Whether no coordinator trains an unfinished run: it is interrupted, or its status is too old. Paused runs, and queued ones of a
    /// standing cluster, do not write a status and are not lost.
    /// </summary>
    public bool IsLost => IsInterrupted || (Status.State is RunState.Starting or RunState.Running && IsSilent(Status, Now));

    /// <summary>Whether <c>tbptt resume</c> would continue the run.</summary>
    public bool IsResumable => IsLost || Outcome.IsResumable(Status.State);

    /// <summary>The state as text.</summary>
    public string State => IsInterrupted ? "interrupted"
        : IsLost ? $"lost (last heard {Status.UpdatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC)"
        : Status.State == RunState.Queued ? $"queued ({Outcome.Queue(Status.QueuePosition)})"
        : Status.WaitsForRows ? Outcome.WaitingForRows : Text.State(Status.State);

    /// <summary>The run's duration so far, in seconds.</summary>
    public double Seconds => ((Status.EndedAt ?? (IsLost ? Status.UpdatedAt : Now)) - Status.SubmittedAt).TotalSeconds;

    /// <summary>What users have noted about the run: <see cref="NotesOf"/>.</summary>
    public RunNotes ReadNotes() => NotesOf(Directory);

    /// <summary>The notes of a run; none where its files are not on this machine, or cannot be read.</summary>
    public static RunNotes NotesOf(RunDirectory run)
    {
        try
        {
            return RunNotes.Read(run);
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return RunNotes.None;
        }
    }

    /// <summary>Newest first, then by id.</summary>
    public static IReadOnlyList<RunInfo> NewestFirst(IEnumerable<RunInfo> runs) =>
        [.. runs.OrderByDescending(run => run.Status.SubmittedAt).ThenBy(run => run.Status.Id, StringComparer.Ordinal)];

    /// <summary>A run of a cluster's catalog. The directory is a path on the silos' machines.</summary>
    public static RunInfo Of(RunStatus status, DateTimeOffset now) =>
        new(new(Path.GetDirectoryName(status.Directory) ?? "", RunId.Parse(status.Id)), status, now);

    /// <summary>The status as its file has it, with <c>lost</c> and <c>interrupted</c> added.</summary>
    public JsonNode ToJson()
    {
        var node = JsonNode.Parse(RunJson.Write(Status))!;
        node["lost"] = IsLost;
        node["interrupted"] = IsInterrupted;
        return node;
    }

    private static bool WasInterrupted(RunDirectory directory, RunStatus status, DateTimeOffset now)
    {
        // The silos that are started for a run, or for a sweep, form a cluster of its name.
        if (status.HasEnded || status.State == RunState.Paused || (status.Cluster != status.Id && status.Cluster != status.Sweep)
            || !RunId.TryParse(status.Cluster, out var cluster))
            return false;
        bool? isAlive = File.Exists(directory.Status) ? LocalClusterLife.IsAlive(Path.GetDirectoryName(directory.Path)!, cluster) : null;
        return isAlive switch
        {
            { } alive => !alive,
            null => IsSilent(status, now),
        };
    }

    private static bool IsSilent(RunStatus status, DateTimeOffset now) => now - status.UpdatedAt > Silence;
}
