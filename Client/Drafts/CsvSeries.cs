using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Finds out whether the rows of a CSV file belong to several series.</summary>
internal static class CsvSeries
{
    /// <summary>
    /// The column whose value names the series of a row, and whether the newest row of each comes first: within each series time rises,
    /// or it falls within all of them. Null where rows are one series.
    /// </summary>
    public static (SurveyedColumn Column, bool IsNewestFirst)? Of(CsvSurvey survey)
    {
        if (survey.Time is not { Order: { IsRising: false, IsStrictlyFalling: false } } time)
            return null;
        foreach (var column in survey.Columns)
        {
            bool isName = column != time && !column.IsClock
                && (column.Kind == ColumnKind.Texts || (column.IsWhole && !TimeNames.IsUnit(column.Name)));
            if (isName && column.Distinct is >= 2 and var distinct && distinct * 2 <= survey.Rows
                && OrderWithin(survey, column, time) is { } isNewestFirst)
                return (column, isNewestFirst);
        }

        return null;
    }

    /// <summary>Whether a column's levels differ more from series to series than its values do within them.</summary>
    public static bool HasLevels(CsvSurvey survey, SurveyedColumn series, SurveyedColumn column)
    {
        var sums = new Dictionary<string, (long Count, double Sum, double Squares)>(StringComparer.Ordinal);
        survey.Scan(series, column, (name, _, value) =>
        {
            if (double.IsNaN(value))
                return;
            var (count, sum, squares) = sums.GetValueOrDefault(name);
            sums[name] = (count + 1, sum + value, squares + (value * value));
        });
        double[] means = [.. sums.Values.Select(one => one.Sum / one.Count)];
        double within = sums.Values.Average(one => Math.Max(0, (one.Squares / one.Count) - Math.Pow(one.Sum / one.Count, 2)));
        return means.Average(mean => Math.Pow(mean - means.Average(), 2)) > within;
    }

    /// <returns>Whether time falls from row to row of each value of a column; null where it falls in some and rises in others.</returns>
    private static bool? OrderWithin(CsvSurvey survey, SurveyedColumn column, SurveyedColumn time)
    {
        var last = new Dictionary<string, double>(StringComparer.Ordinal);
        bool rises = true, falls = true;
        survey.Scan(column, time, (series, text, number) =>
        {
            double at = time.Kind != ColumnKind.Times ? number : TimeOf(time, text);
            if (last.TryGetValue(series, out double before))
            {
                rises &= at > before;
                falls &= at < before;
            }

            last[series] = at;
        });
        return rises ? false : falls ? true : null;
    }

    private static double TimeOf(SurveyedColumn time, string text) =>
        TimeCell.TryRead(text, time.IsDayFirst, out double at) ? at : double.NaN;
}
