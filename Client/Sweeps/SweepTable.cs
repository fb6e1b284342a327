using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Client.Sweeps;

/// <summary>A sweep's trials as text, best first.</summary>
internal static class SweepTable
{
    /// <summary>Writes the head of a sweep and its trials.</summary>
    public static void Write(SweepStatus sweep, string state, TextWriter output)
    {
        void Line(string name, string value) => output.WriteLine($"{name,-12}{Text.OneLine(value)}");
        Line("sweep", sweep.Id);
        Line("state", state);
        if (sweep.Message.Length > 0)
            Line("why", sweep.Message);
        Line("strategy", $"{sweep.Strategy}, {Text.Plural(sweep.Planned, "trial")}"
            + (sweep.Rungs.Count > 1 ? $", rungs at epochs {string.Join(", ", sweep.Rungs)}" : ""));
        Line("objective", $"{sweep.Metric}, {(sweep.MoreIsBetter ? "more" : "less")} is better");
        Line("steps", $"{Text.Count(sweep.Trials.Sum(trial => trial.Steps))} computed, "
            + $"{Text.Count(sweep.Trials.Sum(trial => trial.SharedSteps))} taken from runs that had computed them");
        Line("files", sweep.Directory);
        output.WriteLine();
        Trials(sweep, output);
    }

    /// <summary>Writes the trials.</summary>
    public static void Trials(SweepStatus sweep, TextWriter output)
    {
        var table = new TextTable(["TRIAL", "STATE", .. Names(sweep.Keys), "EPOCHS", .. Headings(sweep), "STEPS", "SHARED", "RUN"]);
        foreach (var trial in BestFirst(sweep))
        {
            string[] figures = [.. Enumerable.Range(0, sweep.Rungs.Count).Select(rung =>
                rung < trial.Figures.Count ? Figure(trial.Figures[rung]) : "-")];
            table.Add([
                $"{trial.Trial}{(trial.Trial == sweep.Best ? " *" : "")}", Text.State(trial.State), .. trial.Values, $"{trial.Epochs}",
                .. figures, Text.Count(trial.Steps), Text.Count(trial.SharedSteps), trial.Run.Length > 0 ? trial.Run : "-",
            ]);
        }

        table.Write(output);
        foreach (var trial in sweep.Trials.Where(trial => trial.Problem.Length > 0))
            output.WriteLine($"trial {trial.Trial}: {Text.OneLine(trial.Problem)}");
    }

    /// <summary>The trials, those of the highest rungs first, then by figure.</summary>
    public static IEnumerable<TrialStatus> BestFirst(SweepStatus sweep) => sweep.Trials
        .OrderByDescending(trial => trial.Figures.Count > 0 && double.IsFinite(trial.Figures[^1]) ? trial.Figures.Count : 0)
        .ThenBy(trial => trial.Figures.Count == 0 || !double.IsFinite(trial.Figures[^1]) ? double.PositiveInfinity
            : sweep.MoreIsBetter ? -trial.Figures[^1] : trial.Figures[^1])
        .ThenBy(trial => trial.Trial);

    /// <summary>A figure, a dash for none.</summary>
    public static string Figure(double figure) => double.IsFinite(figure) ? Text.Figure(figure) : "-";

    /// <summary>The ends of keys, as long as they must be to differ.</summary>
    public static IReadOnlyList<string> Names(IReadOnlyList<string> keys) => [.. keys.Select(key =>
    {
        string end = key[(key.LastIndexOf('.') + 1)..];
        return keys.Count(other => other == end || other.EndsWith($".{end}", StringComparison.Ordinal)) == 1 ? end : key;
    })];

    private static IEnumerable<string> Headings(SweepStatus sweep) => sweep.Rungs.Count == 1
        ? [sweep.Metric.ToUpperInvariant()] : sweep.Rungs.Select(epochs => $"{sweep.Metric.ToUpperInvariant()} @{epochs}");
}
