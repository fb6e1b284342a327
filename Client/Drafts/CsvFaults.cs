using System.Globalization;
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
        return survey.Time is { } time && Order(survey, time, path) is { } order ? [order] : [];
    }

    /// <summary>A remark on rows that are out of order, but few; empty for none.</summary>
    public static string Disorder(CsvSurvey survey) => survey.Time is { } time && OrderOf(time) is { Falls: > 0, IsFalling: false } order
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

    private static RowOrder OrderOf(SurveyedColumn time) => time.Kind == ColumnKind.Times ? time.Times : time.Numbers;

    private static DataFault? Order(CsvSurvey survey, SurveyedColumn time, string path)
    {
        var order = OrderOf(time);
        if (order.IsRising)
            return null;
        string word = Shell.Word(path), name = Text.OneLine(time.Name);
        if (order.IsFalling)
        {
            return new($"the newest row first, by column {name}", "the oldest first, because training forecasts the next row",
                Shell.Convert($"(head -n 1 {word}; tail -n +2 {word} | tac)", path, "oldest-first"));
        }

        if (Series(survey, time) is { } group)
        {
            int field = survey.IndexOf(group) + 1;
            string stem = Path.GetFileNameWithoutExtension(path);
            return new(
                $"{Text.Plural(group.Distinct ?? 0, "series")[..^1]}, named by column {Text.OneLine(group.Name)}, in one file",
                "one series, because the hidden state would pass from one series to the next",
                "make a file for each:" + Shell.Line(
                    $$"""awk -F, 'NR == 1 {h = $0; next} {f = s "-" ${{field}} ".csv"; if (!(f in n)) {n[f]; print h > f} print > f}' """
                    + $"s={Shell.Word(stem)} {word}"));
        }

        return order.Falls > survey.Rows * MaxSharePutBack
            ? new($"rows that are not in the order of column {name}: {Text.Plural(order.Falls, "row")} earlier than the row above, " +
                "first on line "
                + $"{order.FirstFall + 2}", "the oldest row first", "sort the rows by time")
            : null;
    }

    /// <summary>The column whose value names the series of a row: within each series, time rises.</summary>
    private static SurveyedColumn? Series(CsvSurvey survey, SurveyedColumn time) => survey.Columns.FirstOrDefault(column =>
        column != time && (column.Kind == ColumnKind.Texts || (column.IsWhole && !TimeText.IsUnit(column.Name)))
        && column.Distinct is >= 2 and var distinct && distinct * 2 <= survey.Rows && RisesWithin(survey, column, time));

    private static bool RisesWithin(CsvSurvey survey, SurveyedColumn column, SurveyedColumn time)
    {
        var last = new Dictionary<string, double>(StringComparer.Ordinal);
        bool rises = true;
        survey.Scan(column, time, (series, text) =>
        {
            double at = Value(time, text);
            rises &= !last.TryGetValue(series, out double before) || at > before;
            last[series] = at;
        });
        return rises;
    }

    private static double Value(SurveyedColumn time, string text)
    {
        if (time.Kind != ColumnKind.Times)
            return double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return (time.IsDayFirst && TimeText.TryDayFirst(text, out var day)) || TimeText.TryMonthFirst(text, out day) ? day.Ticks
            : double.NaN;
    }
}
