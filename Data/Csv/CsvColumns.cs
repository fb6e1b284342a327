using System.Globalization;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>The columns of a CSV file that a run uses, with their positions in the file and in the table read from it.</summary>
/// <param name="Names">Names of the columns used, in the table's order.</param>
/// <param name="InFile">For each column of the table, its index in the file.</param>
/// <param name="Inputs">For each input, its column in the table.</param>
/// <param name="Targets">For each target, its column in the table.</param>
internal sealed record CsvColumns(
    IReadOnlyList<string> Names, IReadOnlyList<int> InFile, IReadOnlyList<int> Inputs, IReadOnlyList<int> Targets)
{
    /// <summary>Adds the problems of a first row that is not a usable header.</summary>
    public static void CheckHeader(IReadOnlyList<string> header, string path, ProblemList problems)
    {
        const string Expected = "a header row with the columns' names";
        if (header.All(name => name.Length == 0))
            problems.Add(DataKeys.Source, $"no names at {path}:1", Expected, "add one at the top of the file");
        if (header.All(IsNumber))
            problems.Add(DataKeys.Source, $"numbers at {path}:1: {Wording.List(header)}", Expected, "put one above the numbers");
        if (header is [var only] && only.AsSpan().IndexOfAny(";\t|") is >= 0 and int at)
        {
            problems.Add(
                DataKeys.Source, $"one column, {Wording.Quote(only)}, at {path}:1", "columns separated by commas",
                $"replace '{only[at]}' by ','");
        }

        foreach (IGrouping<string, string> same in header.Where(name => name.Length > 0).GroupBy(name => name))
        {
            if (same.Count() == 1)
                continue;
            problems.Add(
                DataKeys.Source, $"{same.Count()} columns named {Wording.Quote(same.Key)} at {path}:1", "a different name for each column",
                "rename one");
        }
    }

    /// <summary>Chooses the columns; null, with problems, when that is not possible.</summary>
    /// <param name="data">Names the columns.</param>
    /// <param name="header">Names of all columns of the file.</param>
    /// <param name="firstRow">The first row, which identifies the numeric columns when no inputs are named.</param>
    /// <param name="problems">Collects the problems.</param>
    public static CsvColumns? TryChoose(
        CsvSource data, IReadOnlyList<string> header, IReadOnlyList<string> firstRow, ProblemList problems)
    {
        IReadOnlyList<string> inputs = data.Inputs.Count > 0 ? data.Inputs : ColumnsOfNumbers(header, firstRow);
        if (inputs.Count == 0)
        {
            problems.Add(
                DataKeys.Inputs, $"nothing, and no column of numbers in {data.Path}", $"names of its columns: {Wording.List(header)}",
                "name those to train on");
        }

        CheckNames(DataKeys.Inputs, data.Inputs, header, problems);
        CheckNames(DataKeys.Targets, data.Targets, header, problems);
        if (!problems.IsEmpty)
            return null;

        IReadOnlyList<string> targets = data.Targets.Count > 0 ? data.Targets : inputs;
        string[] used = [.. inputs.Union(targets, StringComparer.Ordinal)];
        return new(
            used, [.. used.Select(name => IndexOf(header, name))],
            [.. inputs.Select(name => IndexOf(used, name))], [.. targets.Select(name => IndexOf(used, name))]);
    }

    /// <summary>Whether a cell is a number that float32 can hold.</summary>
    public static bool IsNumber(string cell) =>
        float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value);

    // A column without a name is usually an index that a program added; it cannot be named in a spec, so it is not data.
    private static string[] ColumnsOfNumbers(IReadOnlyList<string> header, IReadOnlyList<string> firstRow) =>
        [.. header.Where((name, i) => name.Length > 0 && i < firstRow.Count && IsNumber(firstRow[i]))];

    private static void CheckNames(string key, IReadOnlyList<string> names, IReadOnlyList<string> header, ProblemList problems)
    {
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            if (name.Length == 0 || IndexOf(header, name) < 0)
                problems.Add(key, Wording.Quote(name), $"one of the file's columns: {Wording.List(header)}", "correct the name");
            else if (names.Count(other => other == name) > 1)
                problems.Add(key, $"{Wording.Quote(name)} more than once", "each column once", "remove the others");
        }
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
                return i;
        }

        return -1;
    }
}
