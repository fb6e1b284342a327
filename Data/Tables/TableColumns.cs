using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>Chooses the columns to read before the cells are known, and those to use once they are.</summary>
/// <param name="source">Names the columns.</param>
/// <param name="columns">All columns of the file.</param>
/// <param name="problems">Collects the problems.</param>
internal sealed class TableColumns(TableSource source, IReadOnlyList<TableColumn> columns, ProblemList problems)
{
    private readonly string[] _names = [.. columns.Select(column => column.Name)];

    /// <summary>Columns that are left out, each with the reason.</summary>
    public List<LeftOutColumn> LeftOut { get; } = [];

    /// <summary>
    /// The column of time, by its index among those that are read; twice where its texts can be read in two ways. Empty for none.
    /// </summary>
    public IReadOnlyList<int> Times { get; private set; } = [];

    /// <summary>The column that names series, by its index among those that are read; negative for none.</summary>
    public int Series { get; private set; } = -1;

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
        CheckNames(DataKeys.Time, Named(source.Time));
        CheckNames(DataKeys.Series, Named(source.Series));
        CheckNames(DataKeys.Known, source.Known);
        CheckNames(DataKeys.Static, source.Static);
        CheckNames(DataKeys.Categorical, source.Categorical);
        CheckNames(DataKeys.Transform, [.. source.Transform.Pairs.Select(pair => pair.Key)]);
        if (!problems.IsEmpty)
            return null;
        List<ChosenColumn> chosen =
        [
            .. Candidates().Union(source.Targets, StringComparer.Ordinal).Select(name => Column(name, CellType.Number)),
            .. source.Categorical.Select(name => Column(name, CellType.Text)),
        ];

        // Without a name in the spec, the first column of times shows whether the rows are in order.
        string? first = columns.FirstOrDefault(column => column.Type?.IsTime() == true && column.Name.Length > 0)?.Name;
        if ((source.Time ?? first) is { } time)
        {
            ChosenColumn[] readings = [.. TimeTypes(columns[Array.IndexOf(_names, time)]).Select(type => Column(time, type))];
            Times = [.. Enumerable.Range(chosen.Count, readings.Length)];
            chosen.AddRange(readings);
        }

        if (source.Series is { } series && source.Categorical.Contains(series))
            Series = chosen.FindIndex(column => column.Name == series);
        else if (source.Series is { } alone)
        {
            Series = chosen.Count;
            chosen.Add(Column(alone, CellType.Text));
        }

        return chosen;
    }

    /// <summary>The columns to use, now that all cells are known; null, with problems, where a cell of theirs cannot be used.</summary>
    /// <param name="reader">Words the places of cells.</param>
    /// <param name="read">The columns that were read.</param>
    /// <param name="tallies">What was met in each of them.</param>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="isForecast">Whether a trained model forecasts from the rows: what is to be forecast need not be there.</param>
    public UsedColumns? TryUse(
        TableReader reader, IReadOnlyList<ChosenColumn> read, IReadOnlyList<ColumnTally> tallies, long rows, bool isForecast)
    {
        LeftOut.Clear();
        bool IsOfNumbers(int column) => rows - tallies[column].Missing - tallies[column].Others is > 0 and var numbers
            && numbers >= tallies[column].Others;
        int IndexOf(string name) => read.Index().First(one => one.Item.Name == name).Index;

        string[] candidates = Candidates();
        string[] inputs = candidates;
        if (source.Inputs.Count == 0)
        {
            inputs = [.. candidates.Where(name => WithRoles.Contains(name) || IsOfNumbers(IndexOf(name)))];
            foreach (string name in candidates.Except(inputs).Except(source.Targets))
                LeftOut.Add(new(name, Reason(reader, tallies[IndexOf(name)], rows)));
            foreach (var column in columns.Where(column => column.Name.Length > 0 && column.Type is not (null or CellType.Number)
                && !source.Categorical.Contains(column.Name)))
                LeftOut.Add(new(column.Name, $"a column of {(column.Type!.Value.IsTime() ? "times" : "texts")}"));
            foreach (var column in columns.Where(column => column is { IsOfSeries: true, Type: CellType.Number }
                && !inputs.Contains(column.Name) && !source.Categorical.Contains(column.Name)))
                LeftOut.Add(new(column.Name, "an attribute, the same in all rows of a series, that data.inputs does not name"));
        }

        // Classes alone are inputs where the spec names them, and no others.
        if (inputs.Length == 0 && (source.Categorical.Count == 0 || source.Inputs.Count == 0))
        {
            problems.Add(
                DataKeys.Inputs, $"no column of numbers in {source.Path}: {string.Join("; ", LeftOut.Take(12)
                    .Select(column => $"{Wording.Quote(column.Name)}, {column.Why}"))}",
                "a column with a number in most rows", "correct the cells, or check that this is the right file");
            return null;
        }

        IReadOnlyList<string> targets = source.Targets.Count > 0 || isForecast ? source.Targets : [.. inputs.Except(WithRoles)];
        if (targets.Count == 0 && !isForecast)
        {
            problems.Add(
                DataKeys.Targets, $"inputs alone that are {(inputs.Length == 0 ? "classes" : "known or static")}", "a column to forecast",
                "name it");
            return null;
        }

        string[] used = [.. inputs.Union(targets, StringComparer.Ordinal)];
        int[] indices = [.. used.Select(IndexOf)];
        foreach (string name in source.Transform.Pairs.Select(pair => pair.Key).Except(used))
        {
            problems.Add(
                DataKeys.Transform, $"{Wording.Quote(name)}, which is no input and no target of numbers",
                "columns of numbers that are used", "remove it");
        }

        (string Name, int Read)[] categories = [.. source.Categorical.Select(name => (name, IndexOf(name)))];
        foreach (var (name, column) in categories)
            CategoryColumn.Check(name, tallies[column].Texts, problems);
        new CellProblems(source, reader, mayLeaveOut: inputs.Length > 1).Report(
            [.. used, .. source.Categorical], [.. indices.Select(i => tallies[i]), .. categories.Select(one => tallies[one.Read])],
            problems);
        if (!problems.IsEmpty)
            return null;
        bool IsMasked(int column) => source.MissingValues == MissingValues.Mask && tallies[indices[column]].Missing > 0;
        (int[] inputColumns, int[] targetColumns) = (Places(inputs), Places(targets));
        return new(used, indices, inputColumns, targetColumns, [.. inputColumns.Where(IsMasked)], targetColumns.Any(IsMasked))
        {
            Known = Places([.. source.Known.Except(source.Categorical)]),
            Static = Places([.. source.Static.Except(source.Categorical)]),
            Categories = categories,
            KnownCategories = [.. source.Known.Intersect(source.Categorical)],
        };

        int[] Places(IReadOnlyList<string> names) => [.. names.Select(name => Array.IndexOf(used, name))];
    }

    private static CellType[] TimeTypes(TableColumn column) => column.Type switch
    {
        null or CellType.Number => [column.MayBeDates ? CellType.Time : CellType.Number],
        CellType.Text => [CellType.Time, CellType.DayFirstTime],
        var type => column.HasTwoReadings ? [CellType.Time, CellType.DayFirstTime] : [type.Value],
    };

    private static string[] Named(string? name) => name is null ? [] : [name];

    private ChosenColumn Column(string name, CellType type) => new(Array.IndexOf(_names, name), name, type);

    private IEnumerable<string> WithRoles => source.Known.Concat(source.Static).Except(source.Categorical);

    // A column without a name is usually an index that a program added; it cannot be named in a spec, so it is not data.
    private string[] Candidates() =>
    [
        .. (source.Inputs.Count > 0 ? source.Inputs : columns
            .Where(column => column is { Name.Length: > 0, Type: null or CellType.Number, IsOfSeries: false })
            .Select(column => column.Name)
            .Except([.. Named(source.Time), .. Named(source.Series)])).Except(source.Categorical).Union(WithRoles, StringComparer.Ordinal),
    ];

    private static string Reason(TableReader reader, ColumnTally tally, long rows)
    {
        if (tally.Missing == rows)
            return "a column without a value";
        string cell = tally.FirstOthers[0].Text;
        string advice = reader.Advice(cell, []) is { } known ? $": {known}" : "";
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
