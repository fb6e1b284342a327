using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Runs;

/// <summary>Finds a run by its ID or by an unambiguous part of it.</summary>
internal static class RunNames
{
    private const int MaxCloseNames = 5;

    /// <summary>Of more candidates than this, the last ones by name are left out.</summary>
    private const int MaxCandidates = 10;

    /// <summary>
    /// The ID that equals <paramref name="name"/>; else the only one that begins with it; else the only one that contains it.
    /// </summary>
    /// <param name="name">The text typed by the user.</param>
    /// <param name="ids">The existing runs.</param>
    /// <param name="place">The run store or cluster, for the message.</param>
    /// <exception cref="ClientException">No run or several runs match; the message names the candidates, or similar IDs.</exception>
    public static string Find(string name, IReadOnlyCollection<string> ids, string place)
    {
        if (ids.Contains(name))
            return name;
        string[] having = name.Length == 0 ? [] : [.. ids.Where(id => id.Contains(name, StringComparison.Ordinal))];
        string[] begun = [.. having.Where(id => id.StartsWith(name, StringComparison.Ordinal))];
        return begun.Length == 1 ? begun[0]
            : having.Length == 1 ? having[0]
            : throw new ClientException(having.Length > 1 ? Ambiguous(name, having, place) : Unknown(name, ids, place), ExitCode.Failed);
    }

    private static string Ambiguous(string name, string[] having, string place)
    {
        var shown = having.Order(StringComparer.Ordinal).Take(MaxCandidates);
        string rest = having.Length > MaxCandidates ? $" and {having.Length - MaxCandidates} more" : "";
        return $"found {having.Length} runs with '{Text.OneLine(name)}' in {place}, expected a part of one ID: "
            + $"{string.Join(", ", shown)}{rest}";
    }

    private static string Unknown(string name, IReadOnlyCollection<string> ids, string place)
    {
        if (ids.Count == 0)
            return $"no run '{Text.OneLine(name)}': there are no runs in {place}";
        string[] close = [.. ids
            .Select(id => (Id: id, Distance: Distance(name, id)))
            .Where(candidate => name.Length > 0 && (candidate.Distance <= Math.Max(1, name.Length / 2)
                || candidate.Id.Contains(name, StringComparison.OrdinalIgnoreCase)))
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
