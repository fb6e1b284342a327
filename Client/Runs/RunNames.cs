using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Runs;

/// <summary>Finds a run by its ID or by an unambiguous prefix.</summary>
internal static class RunNames
{
    private const int MaxCloseNames = 5;

    /// <summary>The ID that equals <paramref name="name"/> or, alone, begins with it.</summary>
    /// <param name="name">The text typed by the user.</param>
    /// <param name="ids">The existing runs.</param>
    /// <param name="place">The run store or cluster, for the message.</param>
    /// <exception cref="ClientException">No run or several runs match; the message names similar IDs.</exception>
    public static string Find(string name, IReadOnlyCollection<string> ids, string place)
    {
        if (ids.Contains(name))
            return name;
        string[] begun = [.. ids.Where(id => id.StartsWith(name, StringComparison.Ordinal))];
        return begun.Length == 1 ? begun[0] : throw new ClientException(Unknown(name, ids, place), ExitCode.Failed);
    }

    private static string Unknown(string name, IReadOnlyCollection<string> ids, string place)
    {
        if (ids.Count == 0)
            return $"no run '{Text.OneLine(name)}': there are no runs in {place}";
        string[] close = [.. ids
            .Select(id => (Id: id, Distance: Distance(name, id)))
            .Where(candidate => candidate.Distance <= candidate.Id.Length / 2
                || candidate.Id.Contains(name, StringComparison.OrdinalIgnoreCase))
            .OrderBy(candidate => candidate.Distance)
            .ThenBy(candidate => candidate.Id, StringComparer.Ordinal)
            .Take(MaxCloseNames)
            .Select(candidate => candidate.Id)];
        string hint = close.Length > 0 ? $"did you mean {string.Join(" or ", close)}?" : "see 'tbptt ls'";
        return $"no run '{Text.OneLine(name)}' in {place}; {hint}";
    }

    /// <summary>Levenshtein distance between <paramref name="typed"/> and the closest prefix of <paramref name="id"/>.</summary>
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
