using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Why a CSV file that can be read should not be trained on as it is, with commands that mend it.</summary>
internal static class CsvFaults
{
    private const double MaxSharePutBack = 0.01;

    /// <summary>The faults; empty for none.</summary>
    public static IReadOnlyList<DataFault> Of(CsvSurvey survey, string path)
    {
        if (LinesBelowHeader(survey, path) is { } below)
            return [below];
        if (survey.Numbers.Count == 0)
            return [.. NoNumbers(survey, path)];
        return survey.Time is { } time && Order(survey, time) is { } order ? [order] : [];
    }

    /// <summary>A remark on rows that are out of order, but few; empty for none.</summary>
    public static string Disorder(CsvSurvey survey) => survey is { Time: { } time, Series: null }
        && time.Order is { Falls: > 0, IsFalling: false } order
        ? $"{Text.Plural(order.Falls, "row")} of {time.Name} earlier than the row above, first on line {order.FirstFall + 2}: check " +
            "the order"
        : "";

    private static DataFault? LinesBelowHeader(CsvSurvey survey, string path)
    {
        var led = survey.Columns.Where(column => column.HasOthersAtTheStartOnly && column.LeadsWithText).ToArray();
        if (led.Length == 0)
            return null;
        long lines = led.Max(column => column.LeadingOthers);
        return new(
            $"{Text.Plural(lines, "line")} without numbers below the header, such as '{Text.OneLine(led[0].FirstOther.Text)}' in column "
            + $"{Text.OneLine(led[0].Name)}", "rows of numbers from line 2 on",
            Shell.Convert($"sed 2,{lines + 1}d {Shell.Word(path)}", path, "plain"));
    }

    private static IEnumerable<DataFault> NoNumbers(CsvSurvey survey, string path)
    {
        const string Expected = "a column with a number in every row";
        var mendable = survey.Columns.Where(column => column.Kind is ColumnKind.Gaps or ColumnKind.Decorated).ToArray();
        if (mendable.Length == 0)
        {
            string columns = string.Join("; ", survey.Columns.Take(20).Select(column =>
                $"{Text.OneLine(column.Name)}: {column.Describe().Replace(": left out", "", StringComparison.Ordinal)}"));
            yield return new($"no column to train on ({columns})", Expected, "add one, or check that this is the right file");
        }

        foreach (var column in mendable)
        {
            int field = survey.IndexOf(column) + 1;
            string found = $"column {Text.OneLine(column.Name)}: {column.Describe().Replace(": left out", "", StringComparison.Ordinal)}";
            yield return column switch
            {
                { Kind: ColumnKind.Decorated } =>
                    new(found, Expected, "write them as plain numbers with a decimal point, without signs, percent and commas"),
                { HasOthersAtTheStartOnly: true } => new(found, Expected,
                    "remove the rows before the first number, or "
                    + Shell.Convert($"sed 2,{column.LeadingOthers + 1}d {Shell.Word(path)}", path, "plain")),
                _ => new(found, Expected, "remove these rows if the series may lack them, or fill them, for example by the value before; "
                    + Shell.Convert(
                        $$"""awk -F, -v OFS=, 'NR > 1 {if (${{field}} + 0 == ${{field}}) v = ${{field}}; else ${{field}} = v} 1' {{Shell.Word(path)}}""",
                        path, "filled")),
            };
        }
    }

    private static DataFault? Order(CsvSurvey survey, SurveyedColumn time)
    {
        var order = time.Order;
        if (order.IsRising)
            return null;
        string name = Text.OneLine(time.Name);
        // Training turns rows round by data.time, and separates series by data.series.
        if (order.IsFalling || survey.Series is not null)
            return null;
        return order.Falls > survey.Rows * MaxSharePutBack
            ? new($"rows that are not in the order of column {name}: {Text.Plural(order.Falls, "row")} earlier than the row above, " +
                "first on line "
                + $"{order.FirstFall + 2}", "the oldest row first", "sort the rows by time")
            : null;
    }
}
