using System.Globalization;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>A spec that forecasts columns of a CSV file, with what led to each of its values.</summary>
internal static class CsvDraft
{
    private const int MaxColumnsShown = 30;

    /// <summary>Names that targets often have.</summary>
    private static readonly string[] Targets =
        ["target", "y", "label", "value", "ot", "price", "close", "adj close", "close/last", "sales", "demand", "load", "power",
            "consumption"];

    /// <summary>The keys that say how a file is written, with what each says.</summary>
    private static readonly (string Key, string About)[] Forms =
    [
        ("separator", "between the cells of a row"),
        ("decimal", "in front of decimals"),
        ("thousands", "between groups of three digits"),
        ("missing", "what stands for a missing value, besides an empty cell"),
        ("comment", "lines that begin so are passed over"),
        ("skipRows", "lines above the header are passed over"),
        ("headerRows", "rows of names below each other; with 0 the columns are c1, c2, …"),
        ("encoding", "of the text"),
        ("missingValues", "or forward, or mask, which leaves missing targets out of the loss"),
    ];

    /// <summary>Surveys the file and writes the spec.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">Its path from the spec's directory.</param>
    /// <param name="spec">The spec's file, for remarks.</param>
    /// <exception cref="DataFaultException">The file cannot be trained on as it is.</exception>
    /// <exception cref="Orleans.Tbptt.Specs.SpecException">The same, as training would say it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Draft Of(string path, string source, string spec)
    {
        var survey = CsvSurvey.Of(path);
        var numbers = survey.Numbers;
        string target = TargetOf([.. numbers.Select(column => column.Name)]);
        var notes = Notes(survey).ToArray();
        var sizes = StreamSizes.OfRows(survey.Rows);
        double held = sizes.Validation;
        int lanes = sizes.Lanes(most: 64), series = 0, hidden = numbers.Count switch { <= 8 => 32, <= 32 => 64, _ => 128 };
        CsvSource read = survey.Source with
        {
            Inputs = [.. numbers.Select(column => column.Name)], Targets = [target], Series = survey.Series?.Name,
            Time = survey.Series is not null || survey.IsNewestFirst ? survey.Time?.Name : null,
        };
        read = WithGaps(survey, read);
        if (survey.Series is { } named)
        {
            series = named.Distinct ?? 0;
            (held, int sequences) = Trial.Sequences(read, held);
            lanes = Math.Min(32, sequences);
            if (CsvSeries.HasLevels(survey, named, numbers.First(column => column.Name == target)))
                read = read with { Scale = TableScale.Series };
        }

        var text = Draft.Begin(source, spec).Remark($"{Text.Count(survey.Rows)} rows, {Text.Plural(survey.Columns.Count, "column")}:");
        int width = Math.Min(24, survey.Columns.Max(column => column.Name.Length));
        foreach (var column in survey.Columns.Take(MaxColumnsShown))
            text.Add($"#   {Text.Fit(Text.OneLine(column.Name), width).PadRight(width)}  "
                + (column.Name == read.Time ? "when the row was measured" : column == survey.Series ? "names the series of the row"
                    : column.Describe(numbers.Contains(column))));
        if (survey.Columns.Count > MaxColumnsShown)
            text.Add($"#   and {survey.Columns.Count - MaxColumnsShown} more");
        foreach (string note in notes)
            text.Remark($"NOTE {note}.");
        Draft.Head(text, path);
        text.Add("model:")
            .Add("  cell: lstm", "or gru, which has fewer parameters, or rnn")
            .Add($"  hiddenSize: {hidden}", "raise it if the training loss stays high, lower it if only the validation loss does")
            .Add("")
            .Add("data:")
            .Add($"  source: {SpecLines.Scalar($"csv:{source}")}", "relative to this file")
            .List("  inputs", numbers.Select(column => column.Name), "the columns that the network sees")
            .List("  targets", [target], numbers.Count == 1 ? "the column that it forecasts"
                : "the columns that it forecasts: name yours");
        if (read.Time is { } time)
        {
            text.Add($"  time: {SpecLines.Scalar(time)}", !survey.IsNewestFirst ? "the order of rows is checked by this column"
                : $"the newest row{(survey.Series is null ? "" : " of each series")} is the first: training reads from the last one");
        }

        if (read.Series is { } group)
        {
            text.Add($"  series: {SpecLines.Scalar(group)}", $"each of {Text.Count(series)} series has its own hidden state");
            if (read.Scale == TableScale.Series)
                text.Add("  scale: series", "mean and deviation of each series, as their levels differ; or column");
        }

        foreach (var (key, about) in Forms)
        {
            if (Trial.KeyOf(read, key) is { } line)
                text.Add(line, about);
        }

        text.Add("  horizon: 1", "how many rows ahead the targets lie")
            .Add("  standardize: true", "mean 0 and deviation 1; losses are of standardised values");
        string all = survey.Series is null ? $"{Text.Count(sizes.Held)} rows" : "rows of each series";
        if (held > 0)
        {
            text.Add($"  validationFraction: {held.ToString(CultureInfo.InvariantCulture)}",
                $"the last {all} measure the forecasts, never train them");
        }

        text.Add($"  batchSize: {lanes}", survey.Series is not null ? "lanes: series that are trained at the same time"
            : $"lanes: the other rows are cut into {Text.Plural(lanes, "part")}, trained at the same time")
            .Add("")
            .Add("tbptt:")
            .Add($"  chunkLength: {sizes.Chunk}", "rows that gradients reach back; the hidden state reaches further")
            .Add("");
        return new(Draft.Train(text, sizes, lanes, "mse", "squared error, for forecasts of numbers", "2e-3").ToString(), notes);
    }

    /// <summary>The column that is most likely to be forecast: one with a name that targets often have, else the last.</summary>
    public static string TargetOf(IReadOnlyList<string> columns) =>
        columns.FirstOrDefault(column => Targets.Contains(column, StringComparer.OrdinalIgnoreCase)) ?? columns[^1];

    /// <summary>The same with the words that stand for a missing value, and what becomes of missing cells.</summary>
    private static CsvSource WithGaps(CsvSurvey survey, CsvSource read)
    {
        SurveyedColumn[] used = [.. survey.Numbers, .. survey.Time is { } time ? [time] : Array.Empty<SurveyedColumn>()];
        string[] words = [.. used.SelectMany(column => column.MissingWords).Distinct()];
        if (words.Except(CsvSource.UsualMissing).Any())
            read = read with { Missing = words };
        if (survey.Numbers.All(column => column.Missing == 0))
            return read;

        // Before the first value of a column there is nothing to fill with.
        var (filled, run) = Trial.FirstOf(
            [read with { MissingValues = MissingValues.Interpolate }, read with { MissingValues = MissingValues.Mask }]);
        run.Dispose();
        return filled;
    }

    private static IEnumerable<string> Notes(CsvSurvey survey)
    {
        foreach (string remark in survey.Remarks)
            yield return remark;
        if (CsvFaults.Disorder(survey) is { Length: > 0 } disorder)
            yield return disorder;
        foreach (var column in survey.Numbers)
        {
            string name = Text.OneLine(column.Name);
            if (column.Sentinel() is var (value, count))
            {
                yield return $"{name} is {Text.Figure(value)} in {Text.Plural(count, "row")}, far from all others: if it stands for a "
                    + $"missing value, write missing: [\"{value.ToString(CultureInfo.InvariantCulture)}\"] and missingValues: interpolate";
            }
        }

        foreach (var column in survey.Columns.Where(column => column.Kind is ColumnKind.Gaps or ColumnKind.Decorated))
            yield return $"{Text.OneLine(column.Name)} could be an input once its cells are plain numbers, or empty";
    }
}
