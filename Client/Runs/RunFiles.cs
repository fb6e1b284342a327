using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Runs;

/// <summary>A run as its files tell it.</summary>
/// <param name="Directory">Its files.</param>
/// <param name="Status">Its last written status.</param>
/// <param name="IsLost">Whether the status says it goes on, but nobody has written it for a while.</param>
internal sealed record StoredRun(RunDirectory Directory, RunStatus Status, bool IsLost)
{
    /// <summary>The state in words.</summary>
    public string State => IsLost ? $"lost (last heard {Status.UpdatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC)" : Text.State(Status.State);

    /// <summary>How long it has gone on, in seconds.</summary>
    public double Seconds(DateTimeOffset now) => ((Status.EndedAt ?? (IsLost ? Status.UpdatedAt : now)) - Status.SubmittedAt).TotalSeconds;

    /// <summary>The status as the file has it, and whether the run is lost.</summary>
    public JsonNode ToJson()
    {
        var node = JsonNode.Parse(RunJson.Write(Status))!;
        node["lost"] = IsLost;
        return node;
    }
}

/// <summary>Reads the run store directly: runs can be looked at when no silo is alive.</summary>
/// <param name="root">The directory of runs.</param>
/// <param name="time">The clock.</param>
internal sealed class RunFiles(string root, TimeProvider time)
{
    /// <summary>A run that goes on writes its status more often than this.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private const int MaxCloseNames = 5;

    /// <summary>Every run whose status can be read, newest first.</summary>
    public IReadOnlyList<StoredRun> All() =>
        [.. RunDirectory.All(root).Select(Read).OfType<StoredRun>().OrderByDescending(run => run.Status.SubmittedAt).ThenBy(run => run.Status.Id, StringComparer.Ordinal)];

    /// <summary>The run of this id, or the only one whose id begins so.</summary>
    /// <exception cref="ClientException">There is none, or more than one; names those that come close.</exception>
    public StoredRun Find(string name)
    {
        var directories = RunDirectory.All(root).ToDictionary(directory => directory.Id.Text, StringComparer.Ordinal);
        string[] begun = [.. directories.Keys.Where(id => id.StartsWith(name, StringComparison.Ordinal))];
        string? id = directories.ContainsKey(name) ? name : begun.Length == 1 ? begun[0] : null;
        if (id is null)
            throw new ClientException(Unknown(name, [.. directories.Keys]), ExitCode.Failed);
        return Read(directories[id]) ?? throw new ClientException($"the status of run '{id}' cannot be read: {directories[id].Status}", ExitCode.Failed);
    }

    private StoredRun? Read(RunDirectory directory)
    {
        try
        {
            return directory.ReadStatus() is { } status
                ? new(directory, status, !status.HasEnded && time.GetUtcNow() - status.UpdatedAt > Silence)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string Unknown(string name, string[] ids)
    {
        if (ids.Length == 0)
            return $"no run '{Text.OneLine(name)}': there are no runs in {root}";
        string[] close = [.. ids
            .Select(id => (Id: id, Distance: Distance(name, id)))
            .Where(candidate => candidate.Distance <= candidate.Id.Length / 2 || candidate.Id.Contains(name, StringComparison.OrdinalIgnoreCase))
            .OrderBy(candidate => candidate.Distance)
            .ThenBy(candidate => candidate.Id, StringComparer.Ordinal)
            .Take(MaxCloseNames)
            .Select(candidate => candidate.Id)];
        string hint = close.Length > 0 ? $"did you mean {string.Join(" or ", close)}?" : "see 'tbptt ls'";
        return $"no run '{Text.OneLine(name)}' in {root}; {hint}";
    }

    /// <summary>Levenshtein's distance, up to the length of <paramref name="typed"/>: what was typed may be the beginning of an id.</summary>
    private static int Distance(string typed, string id)
    {
        int[] row = [.. Enumerable.Range(0, id.Length + 1)];
        for (int i = 1; i <= typed.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= id.Length; j++)
            {
                int change = diagonal + (typed[i - 1] == id[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row.Min();
    }
}
