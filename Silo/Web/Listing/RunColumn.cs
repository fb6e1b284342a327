using System.Globalization;

namespace Orleans.Tbptt.Silo.Web.Listing;

/// <summary>A property of runs, to show, sort, filter and group by.</summary>
/// <param name="Name">Its name in a query: <c>loss</c>, or <c>spec.</c> followed by a key of the spec.</param>
/// <param name="Title">Its title.</param>
/// <param name="Value">A run's value as text; empty where it has none.</param>
/// <param name="Number">A run's value as a number; null where it is none.</param>
internal sealed record RunColumn(string Name, string Title, Func<RunEntry, string> Value, Func<RunEntry, double?> Number)
{
    /// <summary>What the names of columns of the spec begin with.</summary>
    public const string SpecPrefix = "spec.";

    /// <summary>The columns that every run has, in order.</summary>
    public static IReadOnlyList<RunColumn> Fixed { get; } =
    [
        Of("state", "State", run => run.State),
        Of("tags", "Tags", run => string.Join(' ', run.Notes.Tags)),
        Of("epoch", "Epoch", run => run.Status.Epoch),
        Of("step", "Step", run => run.Status.Step),
        Of("loss", "Epoch loss", run => run.Status.LastEpochLoss),
        Of("losses", "Epoch losses", run => run.Status.LastEpochLoss),
        Of("validation", "Best validation", run => run.Status.BestValidationLoss),
        Of("speed", "Speed", run => run.IsActive ? run.Status.StepsPerSecond : null),
        Of("duration", "Duration", run => run.Info.Seconds),
        Of("trainers", "Trainers", run => run.Status.Trainers.Count),
        Of("parameters", "Parameters", run => run.Status.Parameters),
        Of("priority", "Priority", run => run.Status.Priority),
        Of("submitted", "Submitted", run => run.Status.SubmittedAt.ToUnixTimeMilliseconds()),
        Of("notes", "Notes", run => run.Notes.Text),
    ];

    /// <summary>The columns that are shown where a query names none.</summary>
    public static IReadOnlyList<string> Default { get; } =
        ["state", "tags", "epoch", "loss", "losses", "validation", "speed", "submitted"];

    /// <summary>Whether this is a key of the spec.</summary>
    public bool IsSpec => Name.StartsWith(SpecPrefix, StringComparison.Ordinal);

    /// <summary>The column of a name; null where there is none. A bare key of a spec, such as <c>model.hiddenSize</c>, will do.</summary>
    public static RunColumn? Find(string name) => Fixed.FirstOrDefault(column => column.Name == name)
        ?? (name.Length == 0 || name == SpecPrefix ? null
            : Spec(name.StartsWith(SpecPrefix, StringComparison.Ordinal) ? name[SpecPrefix.Length..] : name));

    /// <summary>The column of a key of the spec.</summary>
    public static RunColumn Spec(string key) => new(SpecPrefix + key, key, run => run.Spec.GetValueOrDefault(key, ""),
        run => Parse(run.Spec.GetValueOrDefault(key, "")));

    /// <summary>The keys of the runs' specs: first those in which they differ, then the others.</summary>
    public static IReadOnlyList<string> SpecKeysOf(IReadOnlyList<RunEntry> runs)
    {
        var values = new Dictionary<string, (string First, bool Differs, int Count)>();
        foreach (var run in runs)
        {
            foreach (var (key, value) in run.Spec)
            {
                var (first, differs, count) = values.GetValueOrDefault(key, (value, false, 0));
                values[key] = (first, differs || first != value, count + 1);
            }
        }

        return [.. values.OrderByDescending(one => one.Value.Differs || one.Value.Count < runs.Count).Select(one => one.Key)];
    }

    /// <summary>The runs in the order of this column; those without a value are last, either way.</summary>
    public IEnumerable<RunEntry> Sort(IEnumerable<RunEntry> runs, bool descending)
    {
        var keyed = runs.Select(run => (Run: run, Number: NumberOrNull(run), Value: Value(run)));
        var missingLast = keyed.OrderBy(one => one.Number is null && one.Value.Length == 0).ThenBy(one => one.Number is null);
        return (descending
            ? missingLast.ThenByDescending(one => one.Number).ThenByDescending(one => one.Value, StringComparer.OrdinalIgnoreCase)
            : missingLast.ThenBy(one => one.Number).ThenBy(one => one.Value, StringComparer.OrdinalIgnoreCase)).Select(one => one.Run);
    }

    private double? NumberOrNull(RunEntry run) => Number(run) is { } number && !double.IsNaN(number) ? number : null;

    /// <summary>Text as a number; null where it is none.</summary>
    public static double? Parse(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;

    private static RunColumn Of(string name, string title, Func<RunEntry, string> value) => new(name, title, value, _ => null);

    private static RunColumn Of(string name, string title, Func<RunEntry, double?> number) =>
        new(name, title, run => number(run) is { } value ? value.ToString("R", CultureInfo.InvariantCulture) : "", number);
}
