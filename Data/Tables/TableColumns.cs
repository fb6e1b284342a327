using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>The columns of a table that a run uses.</summary>
/// <param name="Names">Names of the columns used, in the order of the table that is trained on.</param>
/// <param name="Read">For each of them, its index among the columns that are read.</param>
/// <param name="Inputs">For each input, its index in <paramref name="Names"/>.</param>
/// <param name="Targets">For each target, its index in <paramref name="Names"/>.</param>
internal sealed record UsedColumns(
    IReadOnlyList<string> Names, IReadOnlyList<int> Read, IReadOnlyList<int> Inputs, IReadOnlyList<int> Targets);

/// <summary>Chooses the columns to read before the cells are known, and those to use once they are.</summary>
/// <param name="source">Names the columns.</param>
/// <param name="columns">All columns of the file.</param>
/// <param name="problems">Collects the problems.</param>
internal sealed class TableColumns(TableSource source, IReadOnlyList<TableColumn> columns, ProblemList problems)
{
    private readonly string[] _names = [.. columns.Select(column => column.Name)];

    /// <summary>Columns that are left out, each with the reason.</summary>
    public List<string> LeftOut { get; } = [];

    /// <summary>The columns to read; null, with problems, where a name is wrong.</summary>
    public IReadOnlyList<ChosenColumn>? TryChoose()
    {
        foreach (var same in _names.Where(name => name.Length > 0).GroupBy(name => name).Where(same => same.Count() > 1))
        {
            problems.Add(
                DataKeys.Source, $"{same.Count()} columns named {Wording.Quote(same.Key)} in {source.Path}",
                "a different name for each column", "rename one");
        }

        CheckNames(DataKeys.Inputs, source.Inputs);
        CheckNames(DataKeys.Targets, source.Targets);
        if (!problems.IsEmpty)
            return null;
        string[] numbers = [.. Candidates().Union(source.Targets, StringComparer.Ordinal)];
        return [.. numbers.Select(name => new ChosenColumn(Array.IndexOf(_names, name), name, CellType.Number))];
    }

    /// <summary>The columns to use, now that all cells are known; null, with problems, where a cell of theirs cannot be used.</summary>
    /// <param name="reader">Words the places of cells.</param>
    /// <param name="read">The columns that were read.</param>
    /// <param name="tallies">What was met in each of them.</param>
    /// <param name="rows">How many rows there are.</param>
    public UsedColumns? TryUse(
        TableReader reader, IReadOnlyList<ChosenColumn> read, IReadOnlyList<ColumnTally> tallies, long rows)
    {
        bool IsOfNumbers(int column) => rows - tallies[column].Missing - tallies[column].Others is > 0 and var numbers
            && numbers >= tallies[column].Others;
        int IndexOf(string name) => read.Index().First(one => one.Item.Name == name).Index;

        IReadOnlyList<string> inputs = source.Inputs;
        if (inputs.Count == 0)
        {
            string[] candidates = Candidates();
            inputs = [.. candidates.Where(name => IsOfNumbers(IndexOf(name)))];
            foreach (string name in candidates.Except(inputs).Except(source.Targets))
                LeftOut.Add($"{Wording.Quote(name)}, {Reason(reader, tallies[IndexOf(name)], rows)}");
            foreach (var column in columns.Where(column => column.Name.Length > 0 && column.Type is not (null or CellType.Number)))
                LeftOut.Add($"{Wording.Quote(column.Name)}, a column of {(column.Type == CellType.Time ? "times" : "texts")}");
        }

        if (inputs.Count == 0)
        {
            problems.Add(
                DataKeys.Inputs, $"no column of numbers in {source.Path}: {string.Join("; ", LeftOut.Take(12))}",
                "a column with a number in most rows", "correct the cells, or check that this is the right file");
            return null;
        }

        IReadOnlyList<string> targets = source.Targets.Count > 0 ? source.Targets : inputs;
        string[] used = [.. inputs.Union(targets, StringComparer.Ordinal)];
        int[] indices = [.. used.Select(IndexOf)];
        new CellProblems(source, reader, mayLeaveOut: inputs.Count > 1).Report(used, [.. indices.Select(i => tallies[i])], problems);
        return problems.IsEmpty
            ? new(used, indices, Places(inputs), Places(targets))
            : null;

        int[] Places(IReadOnlyList<string> names) => [.. names.Select(name => Array.IndexOf(used, name))];
    }

    // A column without a name is usually an index that a program added; it cannot be named in a spec, so it is not data.
    private string[] Candidates() => source.Inputs.Count > 0
        ? [.. source.Inputs]
        : [.. columns.Where(column => column.Name.Length > 0 && column.Type is null or CellType.Number).Select(column => column.Name)];

    private static string Reason(TableReader reader, ColumnTally tally, long rows)
    {
        if (tally.Missing == rows)
            return "a column without a value";
        string cell = tally.FirstOthers[0].Text;
        string advice = reader.Advice(cell) is { } known ? $": {known}" : "";
        return $"{tally.Others} of {rows} cells are no numbers, such as {Wording.Quote(cell)}{advice}";
    }

    private void CheckNames(string key, IReadOnlyList<string> names)
    {
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            if (name.Length == 0 || !_names.Contains(name, StringComparer.Ordinal))
                problems.Add(key, Wording.Quote(name), $"one of the file's columns: {Wording.List(_names)}", "correct the name");
            else if (names.Count(other => other == name) > 1)
                problems.Add(key, $"{Wording.Quote(name)} more than once", "each column once", "remove the others");
        }
    }
}
