using Orleans.Tbptt.Silo.Web.Curves;
using Orleans.Tbptt.Silo.Web.Listing;

namespace Orleans.Tbptt.Silo.Web.Comparing;

/// <summary>Runs side by side.</summary>
internal sealed record RunComparison
{
    /// <summary>How many runs a chart shows at most.</summary>
    public const int Most = 200;

    /// <summary>How many keys name a run in the legend at most.</summary>
    private const int KeysInLabel = 4;

    /// <summary>How they are compared.</summary>
    public required ComparisonQuery Query { get; init; }

    /// <summary>The runs, in the order of the query.</summary>
    public required IReadOnlyList<RunEntry> Runs { get; init; }

    /// <summary>The runs' curves, in the same order.</summary>
    public required IReadOnlyList<RunCurve> Curves { get; init; }

    /// <summary>IDs that no run has.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>How many more runs the filters choose than are shown.</summary>
    public int LeftOut { get; init; }

    /// <summary>The keys in which the runs' specs differ, in the specs' order.</summary>
    public IReadOnlyList<string> Differences => field ??= [.. Runs.SelectMany(run => run.Spec.Keys).Distinct()
        .Where(key => Runs.Select(run => run.Spec.GetValueOrDefault(key)).Distinct().Count() > 1)];

    /// <summary>
    /// The name of each run in the legend: the values in which it differs where these are few and tell all runs apart, else its ID.
    /// </summary>
    public IReadOnlyList<string> Labels => field ??= LabelAll();

    /// <summary>The groups, in the order of their values; one for each run where the runs are not grouped.</summary>
    public IReadOnlyList<RunGroup> Groups => field ??= Query.Group is { } column
        ? [.. column.Sort(Runs, descending: false).Select(run => column.Value(run)).Distinct().Select((value, index) => new RunGroup(
            Name(column, value), index, [.. Enumerable.Range(0, Runs.Count).Where(run => column.Value(Runs[run]) == value)]))]
        : [.. Labels.Select((label, index) => new RunGroup(label, index, [index]))];

    private List<string> LabelAll()
    {
        var keys = Differences.Where(key => key != "name").ToList();
        if (keys.Count is 0 or > KeysInLabel)
            return [.. Runs.Select(run => run.Id)];
        var labels = Runs.Select(run => string.Join(", ", keys.Select(key => $"{Short(key)} {run.Spec.GetValueOrDefault(key, "–")}")))
            .ToList();
        return labels.Distinct().Count() == labels.Count ? labels : [.. Runs.Select((run, index) => $"{labels[index]} · {run.Id}")];
    }

    private static string Name(RunColumn column, string value) => $"{Short(column.Title)} {(value.Length > 0 ? value : "–")}";

    private static string Short(string key) => key[(key.LastIndexOf('.') + 1)..];
}

/// <summary>Runs that share a value.</summary>
/// <param name="Name">The value, with the name of its column.</param>
/// <param name="Index">The group's index, which determines its colour.</param>
/// <param name="Members">The runs' indexes in the comparison.</param>
internal sealed record RunGroup(string Name, int Index, IReadOnlyList<int> Members);
