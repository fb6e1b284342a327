using System.Globalization;
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
    // Among few rows a column can rise by chance.
    private const int FewRows = 20;

    /// <summary>The columns of classes.</summary>
    public IReadOnlyList<CategoryColumn> Categories { private get; init; } = [];

    /// <summary>The description.</summary>
    /// <param name="surveys">What each column read holds.</param>
    /// <param name="tallies">What was met in each column read that is no number.</param>
    /// <param name="histograms">How the values of each column used are distributed.</param>
    /// <param name="statistics">Standardises; null where columns are left as they are.</param>
    /// <param name="errors">The error of the naive forecast of each target.</param>
    /// <param name="rows">The rows as they were read.</param>
    /// <param name="table">The rows as they are trained on.</param>
    public SourceDescription Of(
        IReadOnlyList<ColumnSurvey> surveys, IReadOnlyList<ColumnTally> tallies, IReadOnlyList<ColumnHistogram> histograms,
        ColumnStatistics? statistics, NaiveErrors errors, TableRows rows, FloatTable table)
    {
        // Columns of time and of series are read for what they say of rows.
        LeftOutColumn[] leftOut = [.. columns.LeftOut.Where(column => column.Name != source.Time && column.Name != source.Series)];
        string?[] known = [.. used.Names, .. source.Categorical, .. leftOut.Select(column => column.Name), source.Time, source.Series];
        bool isStream = order.Rows.Count == 1;
        PartBorders at = cut.At[0];
        return new()
        {
            Inputs = [.. used.InputNames, .. source.Categorical],
            Targets = source.TargetsOf([.. used.Targets.Select(column => used.Names[column])]),
            LeftOut =
            [
                .. leftOut,
                .. reader.Columns.Select(column => column.Name).Where(name => !known.Contains(name)).Select(name => new LeftOutColumn(
                    name, name.Length == 0 ? "it has no name" : "it is named neither in data.inputs nor in data.targets")),
            ],
            Columns = ColumnsOf(surveys, tallies, histograms, statistics, errors),
            Training = isStream && at.Validation > 0 ? Border(rows, 1, at.Validation) : null,
            Validation = isStream && cut.Validation is not null ? Border(rows, at.Validation + 1, at.Test) : null,
            Test = isStream && cut.Test is not null ? Border(rows, at.Test + 1, at.End) : null,
            Remarks =
            [
                .. reader.Notes, .. order.Notes(reader), .. TimesAcross(), .. AlikeSeries(), .. Short(cut.Short, "train on"),
                .. Short(cut.ShortHeld, "validate on"),
                .. Short(cut.ShortTest, "test on"), .. Unscaled(statistics), .. Values(surveys, statistics),
                .. Categories.SelectMany(Unknown), .. rows.Flattened(used, surveys, table),
            ],
        };
    }

    /// <summary>What is said of each column.</summary>
    /// <inheritdoc cref="Of"/>
    public IReadOnlyList<ColumnDescription> ColumnsOf(
        IReadOnlyList<ColumnSurvey> surveys, IReadOnlyList<ColumnTally> tallies, IReadOnlyList<ColumnHistogram> histograms,
        ColumnStatistics? statistics, NaiveErrors errors) =>
        [.. Columns(surveys, tallies, histograms, statistics, errors), .. Categories.Select(column => Describe(column, tallies))];

    /// <summary>
    /// One for each column; where each series is standardised by itself, then one for each series and column with its scale alone.
    /// </summary>
    private IEnumerable<ColumnDescription> Columns(
        IReadOnlyList<ColumnSurvey> surveys, IReadOnlyList<ColumnTally> tallies, IReadOnlyList<ColumnHistogram> histograms,
        ColumnStatistics? statistics, NaiveErrors errors)
    {
        bool isPerSeries = statistics is { IsPerSeries: true };
        foreach (var (column, name) in used.Names.Index())
        {
            ColumnSurvey survey = surveys[used.Read[column]];
            yield return new()
            {
                Name = name,
                Use = Use(column),
                Transform = TransformOf(name),
                Count = survey.Moments.Count,
                Missing = tallies[used.Read[column]].Missing,
                Min = survey.Moments.Count == 0 ? null : survey.Min,
                Max = survey.Moments.Count == 0 ? null : survey.Max,
                Mean = survey.Moments.Count == 0 ? null : survey.Moments.Mean,
                Deviation = survey.Moments.Count == 0 ? null : survey.Moments.Deviation,
                Distinct = survey.Distinct,
                Histogram = histograms[column].Counts,
                NaiveError = isPerSeries ? null : ErrorOf(0, column),
                Suspects = [.. survey.Suspects.Select(one => new SuspectedValue(one.Value, one.Count))],
                ScaleMean = isPerSeries || statistics is null ? null : ColumnStatistics.Described(statistics.Mean[column]),
                ScaleDeviation = isPerSeries || statistics is null ? null : ColumnStatistics.Described(statistics.Deviation[column]),
            };
        }

        HashSet<int> unscaled = [.. statistics?.Unscaled ?? []];
        for (int series = 0; isPerSeries && series < order.Rows.Count; series++)
        {
            if (unscaled.Contains(series))
                continue;
            foreach (var (column, name) in used.Names.Index())
            {
                int at = (series * used.Names.Count) + column;
                yield return new()
                {
                    Name = name,
                    Series = order.Names[series],
                    Use = Use(column),
                    Transform = TransformOf(name),
                    ScaleMean = ColumnStatistics.Described(statistics!.Mean[at]),
                    ScaleDeviation = ColumnStatistics.Described(statistics.Deviation[at]),
                    NaiveError = ErrorOf(series, column),
                };
            }
        }

        double? ErrorOf(int series, int column)
        {
            int target = used.Targets.ToList().IndexOf(column);
            return target < 0 ? null : ColumnStatistics.Described(errors.Of(series, target));
        }
    }

    private ColumnDescription Describe(CategoryColumn column, IReadOnlyList<ColumnTally> tallies) => new()
    {
        Name = column.Name,
        Use = source.Known.Contains(column.Name) ? "known class" : source.Static.Contains(column.Name) ? "static class" : "class",
        Count = order.Rows.Sum() - tallies[column.Read].Missing,
        Missing = tallies[column.Read].Missing,
        Distinct = tallies[column.Read].Texts.Count,
        Classes = column.Classes,
    };

    private IEnumerable<string> Unknown(CategoryColumn column)
    {
        if (Alike([.. column.Classes.Select(one => one.Name)]) is var (one, other))
        {
            yield return $"classes {Wording.Quote(one)} and {Wording.Quote(other)} of column {Wording.Quote(column.Name)} differ in case "
                + "alone, and are two";
        }

        if (column.UnknownTexts is [var first, ..] all)
        {
            yield return $"{Wording.Count(all.Count, "text")} of column {Wording.Quote(column.Name)}, such as {Wording.Quote(first)}, "
                + $"{(all.Count == 1 ? "stands" : "stand")} in no row to train on, and {(all.Count == 1 ? "is" : "are")} read as "
                + CategoryColumn.Unknown;
        }

        if (column.UnknownRows > 0)
        {
            yield return $"column {Wording.Quote(column.Name)} is {CategoryColumn.Unknown} in {column.UnknownRows} of "
                + $"{Wording.Count(order.Rows.Sum(), "row")}";
        }

        long rows = column.Classes.Sum(one => one.Count);
        if (rows > 0 && rows < 2 * (column.Classes.Count - 1))
        {
            yield return $"column {Wording.Quote(column.Name)} has {column.Classes.Count - 1} classes in {rows} rows to train on: "
                + "a model learns little of classes that do not repeat";
        }
    }

    /// <summary>A table that has time steps in the place of columns would be trained on, and forecast one series from another.</summary>
    private IEnumerable<string> TimesAcross()
    {
        const int Few = 5;
        string[] names = [.. used.Names.Where(name => !double.IsNaN(TimeOf(name)))];
        bool rise = names.Zip(names.Skip(1)).All(pair => TimeOf(pair.First) < TimeOf(pair.Second));
        if (names.Length < Few || names.Length * 10 < used.Names.Count * 9 || !rise)
            yield break;
        yield return $"columns {Wording.List(names)} are named as points in time: if time runs from left to right, turn the table round "
            + "(pandas: df.T), so that a row is a time step";
    }

    private static double TimeOf(string name) =>
        name is ['1' or '2', _, _, _] && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int year) ? year
            : TimeText.Of(CellType.Time).Value(name);

    private string Use(int column) => used.Known.Contains(column) ? "known input" : used.Static.Contains(column) ? "static input"
        : ColumnDescription.UseOf(used.Inputs.Contains(column), used.Targets.Contains(column));

    private string? TransformOf(string name) => source.TransformOf(name) is { } transform
        ? TableWords.Transforms.First(word => word.Value == transform).Text : null;

    private static Border Border(TableRows rows, long first, long last) => new(Row(rows, first), Row(rows, last));

    private static string Row(TableRows rows, long row) =>
        FormattableString.Invariant($"row {row:N0}") + (rows.TimeOf(row - 1) is { } time ? $", {time}" : "");

    private IEnumerable<string> Short(IReadOnlyList<int> series, string use) => series.Count == 0
        ? []
        : [$"{series.Count} of {order.Rows.Count} series are too short to {use} and left out there, such as {order.NameOf(series[0])}"];

    /// <summary>Two names that differ in case, or in white space, alone; null for none.</summary>
    private static (string One, string Other)? Alike(IReadOnlyList<string> names)
    {
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string name in names)
        {
            if (!seen.TryAdd(name.Normalize(), name))
                return (seen[name.Normalize()], name);
        }

        return null;
    }

    private IEnumerable<string> AlikeSeries() => Alike(order.Names) is var (one, other)
        ? [$"series {Wording.Quote(one)} and {Wording.Quote(other)} differ in case alone, and are two"]
        : [];

    private IEnumerable<string> Unscaled(ColumnStatistics? statistics)
    {
        if (statistics is { Unscaled: [_, ..] unscaled })
        {
            yield return $"data.scale: series has no value to scale by in the rows to train on of {unscaled.Count} of "
                + $"{order.Rows.Count} series, {Wording.List([.. unscaled.Select(series => order.Names[series])])}: what is held out of "
                + "them is left out";
        }

        foreach (var (column, name) in used.Names.Index())
        {
            if (statistics?.Constant.ElementAtOrDefault(column) is [var first, ..] constant)
            {
                yield return $"column {Wording.Quote(name)} has one value only in the rows to train on of {constant.Count} of "
                    + $"{order.Rows.Count} series, such as {order.NameOf(first)}: data.scale: series moves it there to 0 and does not "
                    + "scale it";
            }
        }
    }

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

            // Columns that the spec names are meant.
            if (source.Inputs.Count == 0 && used.Inputs.Count > 1 && used.Inputs.Contains(column) && !source.Targets.Contains(name)
                && survey.Moments.Count > FewRows
                && (survey.IsRising || survey.IsFalling))
            {
                yield return $"column {Wording.Quote(name)} {(survey.IsRising ? "rises" : "falls")} in every row: if it is the time of the "
                    + $"rows, write data.time: {Wording.Quote(name)}{(survey.IsFalling ? ", which turns them round" : "")}; if it counts "
                    + "them, name the inputs without it";
            }

            if (survey.Distinct == 1)
                yield return FormattableString.Invariant($"column {Wording.Quote(name)} has one value only, {survey.Min}");
        }
    }
}
