using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Why a CSV file that can be read should not be trained on as it is.</summary>
internal static class CsvFaults
{
    private const double MaxSharePutBack = 0.01;

    /// <summary>The faults; empty for none.</summary>
    public static IReadOnlyList<DataFault> Of(CsvSurvey survey)
    {
        if (survey.Numbers.Count == 0)
            return [.. NoNumbers(survey)];
        return survey.Time is { } time && Order(survey, time) is { } order ? [order] : [];
    }

    /// <summary>A remark on rows that are out of order, but few; empty for none.</summary>
    public static string Disorder(CsvSurvey survey) => survey is { Time: { } time, Series: null }
        && time.Order is { Falls: > 0, IsFalling: false } order
        ? $"{Text.Plural(order.Falls, "row")} of {time.Name} earlier than the row above, first on line {order.FirstFall}: check the order"
        : "";

    private static IEnumerable<DataFault> NoNumbers(CsvSurvey survey)
    {
        const string Expected = "a column with a number in most rows";
        SurveyedColumn[] mendable = [.. survey.Columns.Where(column => column.Kind is ColumnKind.Gaps or ColumnKind.Decorated)];
        if (mendable.Length == 0)
        {
            string columns = string.Join("; ", survey.Columns.Take(20).Select(Found));
            yield return new($"no column to train on ({columns})", Expected, "add one, or check that this is the right file");
        }

        foreach (SurveyedColumn column in mendable)
        {
            yield return new(
                $"column {Found(column)}", Expected,
                column.Kind == ColumnKind.Decorated ? "write plain numbers, without signs of currency or percent, units and parentheses"
                    : "correct these cells, or leave them empty where there is no value");
        }
    }

    private static string Found(SurveyedColumn column) =>
        $"{Text.OneLine(column.Name)}: {column.Describe().Replace(": left out", "", StringComparison.Ordinal)}";

    private static DataFault? Order(CsvSurvey survey, SurveyedColumn time)
    {
        var order = time.Order;

        // Training turns rows round by data.time, and separates series by data.series.
        if (order.IsRising || order.IsFalling || survey.Series is not null || order.Falls <= survey.Rows * MaxSharePutBack)
            return null;
        return new(
            $"rows that are not in the order of column {Text.OneLine(time.Name)}: {Text.Plural(order.Falls, "row")} earlier than the row "
            + $"above, first on line {order.FirstFall}", "the oldest row first", "sort the rows by time");
    }
}
