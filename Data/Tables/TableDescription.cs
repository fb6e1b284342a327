using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>Describes what was read of a table.</summary>
/// <param name="source">Names columns.</param>
/// <param name="reader">Has read the table.</param>
/// <param name="columns">Knows the columns left out.</param>
/// <param name="used">The columns used.</param>
/// <param name="order">The series of the rows, and their order of time.</param>
/// <param name="cut">The parts.</param>
internal sealed class TableDescription(
    TableSource source, TableReader reader, TableColumns columns, UsedColumns used, RowOrder order, TableCut cut)
{
    /// <summary>The description.</summary>
    /// <param name="surveys">What each column read holds.</param>
    /// <param name="tallies">What was met in each column read that is no number.</param>
    /// <param name="histograms">How the values of each column used are distributed.</param>
    /// <param name="statistics">Standardises; null where columns are left as they are.</param>
    /// <param name="rows">The rows as they were read.</param>
    /// <param name="table">The rows as they are trained on.</param>
    public SourceDescription Of(
        IReadOnlyList<ColumnSurvey> surveys, IReadOnlyList<ColumnTally> tallies, IReadOnlyList<ColumnHistogram> histograms,
        ColumnStatistics? statistics, TableRows rows, FloatTable table)
    {
        // Columns of time and of series are read for what they say of rows.
        LeftOutColumn[] leftOut = [.. columns.LeftOut.Where(column => column.Name != source.Time && column.Name != source.Series)];
        string?[] known = [.. used.Names, .. leftOut.Select(column => column.Name), source.Time, source.Series];
        bool isStream = order.Rows.Count == 1;
        PartBorders at = cut.At[0];
        return new()
        {
            Inputs = used.InputNames,
            Targets = [.. used.Targets.Select(column => used.Names[column])],
            LeftOut =
            [
                .. leftOut,
                .. reader.Columns.Select(column => column.Name).Where(name => !known.Contains(name)).Select(name => new LeftOutColumn(
                    name, name.Length == 0 ? "it has no name" : "it is named neither in data.inputs nor in data.targets")),
            ],
            Columns = [.. Columns(surveys, tallies, histograms, statistics)],
            Training = isStream && at.Validation > 0 ? Border(rows, 1, at.Validation) : null,
            Validation = isStream && cut.Validation is not null ? Border(rows, at.Validation + 1, at.Test) : null,
            Test = isStream && cut.Test is not null ? Border(rows, at.Test + 1, at.End) : null,
            Remarks =
            [
                .. reader.Notes, .. order.Notes(reader), .. Short(cut.Short, "train on"), .. Short(cut.ShortHeld, "validate on"),
                .. Short(cut.ShortTest, "test on"), .. Values(surveys, statistics), .. rows.Flattened(used, surveys, table),
            ],
        };
    }

    /// <summary>
    /// One for each column; where each series is standardised by itself, then one for each series and column with its scale alone.
    /// </summary>
    private IEnumerable<ColumnDescription> Columns(
        IReadOnlyList<ColumnSurvey> surveys, IReadOnlyList<ColumnTally> tallies, IReadOnlyList<ColumnHistogram> histograms,
        ColumnStatistics? statistics)
    {
        bool isPerSeries = statistics is { IsPerSeries: true };
        foreach (var (column, name) in used.Names.Index())
        {
            ColumnSurvey survey = surveys[used.Read[column]];
            yield return new()
            {
                Name = name,
                Use = Use(column),
                Count = survey.Moments.Count,
                Missing = tallies[used.Read[column]].Missing,
                Min = survey.Moments.Count == 0 ? null : survey.Min,
                Max = survey.Moments.Count == 0 ? null : survey.Max,
                Mean = survey.Moments.Count == 0 ? null : survey.Moments.Mean,
                Deviation = survey.Moments.Count == 0 ? null : survey.Moments.Deviation,
                Distinct = survey.Distinct,
                Histogram = histograms[column].Counts,
                Suspects = [.. survey.Suspects.Select(one => new SuspectedValue(one.Value, one.Count))],
                ScaleMean = isPerSeries ? null : statistics?.Mean[column],
                ScaleDeviation = isPerSeries ? null : statistics?.Deviation[column],
            };
        }

        for (int series = 0; isPerSeries && series < order.Rows.Count; series++)
        {
            foreach (var (column, name) in used.Names.Index())
            {
                int at = (series * used.Names.Count) + column;
                yield return new()
                {
                    Name = name,
                    Series = order.NameOf(series).Trim('\''),
                    Use = Use(column),
                    ScaleMean = statistics!.Mean[at],
                    ScaleDeviation = statistics.Deviation[at],
                };
            }
        }
    }

    private string Use(int column) => ColumnDescription.UseOf(used.Inputs.Contains(column), used.Targets.Contains(column));

    private static Border Border(TableRows rows, long first, long last) => new(Row(rows, first), Row(rows, last));

    private static string Row(TableRows rows, long row) =>
        FormattableString.Invariant($"row {row:N0}") + (rows.TimeOf(row - 1) is { } time ? $", {time}" : "");

    private IEnumerable<string> Short(IReadOnlyList<int> series, string use) => series.Count == 0
        ? []
        : [$"{series.Count} of {order.Rows.Count} series are too short to {use} and left out there, such as {order.NameOf(series[0])}"];

    private IEnumerable<string> Values(IReadOnlyList<ColumnSurvey> surveys, ColumnStatistics? statistics)
    {
        foreach (var (column, name) in used.Names.Index())
        {
            ColumnSurvey survey = surveys[used.Read[column]];
            if (survey.Moments.Count == 0 || statistics?.Empty.Contains(column) == true)
            {
                yield return $"column {Wording.Quote(name)} has no value{(survey.Moments.Count == 0 ? "" : " in the rows to train on")}: "
                    + "a model learns nothing of it";
            }

            foreach (var (value, count) in survey.Suspects)
            {
                yield return FormattableString.Invariant(
                    $"column {Wording.Quote(name)} is {value} in {Wording.Count(count, "row")}, far from all others: ")
                    + "if it stands for a missing value, name it in data.missing";
            }

            if (survey.Distinct == 1)
                yield return FormattableString.Invariant($"column {Wording.Quote(name)} has one value only, {survey.Min}");
        }
    }
}
