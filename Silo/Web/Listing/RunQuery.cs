using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web.Listing;

/// <summary>Which runs a page lists, in which order, and with which columns: all of it stands in the page's query.</summary>
internal sealed record RunQuery
{
    /// <summary>The query's keys that select runs.</summary>
    public static string[] FilterKeys { get; } = ["q", "state", "tag", "where"];

    /// <summary>The states to choose from.</summary>
    public static IReadOnlyList<string> States { get; } =
        ["running", "starting", "queued", "paused", "completed", "stopped", "failed", "diverged", "interrupted", "lost"];

    /// <summary>The numbers of rows to choose from.</summary>
    public static IReadOnlyList<int> RowCounts { get; } = [25, 100, 250, 1_000];

    /// <summary>Words that a run's ID, name, tags, notes or message must contain, all of them. Query <c>q</c>.</summary>
    public string Search { get; init; } = "";

    /// <summary>A state; empty for all. Query <c>state</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>Tags, all of which a run must have. Query <c>tag</c>, repeated.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Conditions on columns. Query <c>where</c>: <c>model.hiddenSize=20 validation&lt;0.1</c>.</summary>
    public string Where { get; init; } = "";

    /// <summary>The column to sort by; null for newest first. Query <c>sort</c>, with a minus for descending order.</summary>
    public RunColumn? Sort { get; init; }

    /// <summary>Whether the order is descending.</summary>
    public bool Descending { get; init; }

    /// <summary>The columns. Query <c>col</c>, repeated; without it the usual ones.</summary>
    public IReadOnlyList<RunColumn> Columns { get; init; } = [];

    /// <summary>The page, from 1. Query <c>page</c>.</summary>
    public int Page { get; init; } = 1;

    /// <summary>Rows of a page: 25, 100, 250 or 1,000. Query <c>rows</c>. Default 100.</summary>
    public int Rows { get; init; } = 100;

    private IReadOnlyList<RunCondition> Conditions { get; init; } = [];

    /// <summary>Whether any run is left out.</summary>
    public bool IsFiltered => Search.Length > 0 || State.Length > 0 || Tags.Count > 0 || Where.Length > 0;

    /// <summary>The query of a request.</summary>
    /// <exception cref="BadHttpRequestException">A value is none of its key.</exception>
    public static RunQuery Of(IQueryCollection query)
    {
        string sort = query["sort"].ToString(), state = query["state"].ToString(), where = query["where"].ToString().Trim();
        if (state.Length > 0 && !States.Contains(state))
            throw new BadHttpRequestException($"state: found '{state}', expected {string.Join(", ", States)}");
        var names = query["col"].Where(name => !string.IsNullOrEmpty(name)).Select(name => name!).ToList();
        return new()
        {
            Search = query["q"].ToString().Trim(),
            State = state,
            Tags = [.. query["tag"].Where(tag => !string.IsNullOrEmpty(tag)).Select(tag => tag!)],
            Where = where,
            Conditions = RunCondition.Of(where),
            Sort = sort.Length == 0 ? null : Column("sort", sort.TrimStart('-')),
            Descending = sort.StartsWith('-'),
            Columns = [.. (names.Count == 0 ? RunColumn.Default : names).Distinct().Select(name => Column("col", name))],
            Page = Math.Max(1, Whole(query, "page") ?? 1),
            Rows = Whole(query, "rows") is not { } rows ? 100 : RowCounts.Contains(rows) ? rows
                : throw new BadHttpRequestException($"rows: found '{rows}', expected {string.Join(", ", RowCounts)}"),
        };
    }

    /// <summary>The runs that the query selects, in its order.</summary>
    public IReadOnlyList<RunEntry> Select(IReadOnlyList<RunEntry> runs)
    {
        string[] words = Search.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var chosen = runs.Where(run => (State.Length == 0 || run.State == State) && Tags.All(run.Notes.Tags.Contains)
            && words.All(word => Contains(run, word)) && Conditions.All(condition => condition.Holds(run)));
        return [.. Sort is { } column ? column.Sort(chosen, Descending) : chosen];
    }

    private static bool Contains(RunEntry run, string word) =>
        new[] { run.Id, run.Status.Name, run.Notes.Text, run.Status.Message }.Concat(run.Notes.Tags)
            .Any(text => text.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static RunColumn Column(string key, string name) => RunColumn.Find(name)
        ?? throw new BadHttpRequestException($"{key}: found '{name}', expected a column or a spec's key");

    private static int? Whole(IQueryCollection query, string key)
    {
        string text = query[key].ToString();
        return text.Length == 0 ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : throw new BadHttpRequestException($"{key}: found '{text}', expected a whole number");
    }
}
