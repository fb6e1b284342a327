using System.Globalization;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>A spec that forecasts columns of a table whose format names the types of its columns, such as Parquet.</summary>
internal static class TableDraft
{
    private const int MostTimes = 2;
    private const int MostTexts = 4;
    private const int MaxColumnsShown = 30;

    /// <summary>Finds keys with which the file can be trained on, and writes the spec.</summary>
    /// <param name="file">The source, with its path.</param>
    /// <param name="path">The file.</param>
    /// <param name="source">Its path from the spec's directory.</param>
    /// <param name="spec">The spec's file, for remarks.</param>
    /// <exception cref="Orleans.Tbptt.Specs.SpecException">It cannot be trained on as it is.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Draft Of(TableSource file, string path, string source, string spec)
    {
        IReadOnlyList<FileColumn> columns = file.ReadColumns();
        var (table, run) = Trial.FirstOf(Readings(file, columns), HasTimesTwice);
        using (run)
            return Write(table, run, columns, path, source, spec);
    }

    // Rows of several series, where the spec names none.
    private static bool HasTimesTwice(PreparedRun run) =>
        run.Description.Contents.Remarks.Any(remark => remark.Contains(" with the time of the row before ", StringComparison.Ordinal));

    /// <summary>The readings from the one that says the most of the data to the one that says nothing.</summary>
    private static IEnumerable<TableSource> Readings(TableSource file, IReadOnlyList<FileColumn> columns)
    {
        string[] times = [.. columns.Where(column => column.Kind == ColumnContent.Time).Select(column => column.Name).Take(MostTimes)];
        string[] texts = [.. columns.Where(column => column.Kind == ColumnContent.Text).Select(column => column.Name).Take(MostTexts)];
        foreach (string? time in times.Append(null))
        {
            foreach (string? series in texts.Prepend(null))
            {
                TableSource reading = file with { Time = time, Series = series };
                yield return reading;
                yield return reading with { MissingValues = MissingValues.Interpolate };
            }
        }
    }

    private static Draft Write(
        TableSource table, PreparedRun run, IReadOnlyList<FileColumn> columns, string path, string source, string spec)
    {
        SourceDescription contents = run.Description.Contents;
        string[] inputs = [.. contents.Inputs];
        string target = CsvDraft.TargetOf(inputs);
        long rows = run.Description.Training.Steps + (table.Horizon * (table.Series is null ? 1 : run.Data.Training.Count));
        var sizes = StreamSizes.OfRows(rows);
        double held = sizes.Validation;
        int lanes = sizes.Lanes(most: 64);
        if (table.Series is not null)
        {
            // Rows that are held out may leave a series too short to be trained on.
            (held, int sequences) = Trial.Sequences(table, held);
            lanes = Math.Min(32, sequences);
        }

        int hidden = inputs.Length switch { <= 8 => 32, <= 32 => 64, _ => 128 };

        var text = Draft.Begin(source, spec).Remark($"{Text.Count(rows)} rows, {Text.Plural(columns.Count, "column")}:");
        int width = Math.Min(24, columns.Max(column => column.Name.Length));
        foreach (FileColumn column in columns.Take(MaxColumnsShown))
        {
            text.Add($"#   {Text.Fit(Text.OneLine(column.Name), width).PadRight(width)}  "
                + Describe(column, table, contents));
        }

        if (columns.Count > MaxColumnsShown)
            text.Add($"#   and {columns.Count - MaxColumnsShown} more");
        string[] notes = [.. contents.LeftOut.Where(HasNumbersInQuotes).Select(
            column => $"{Text.OneLine(column.Name)} is left out, because {column.Why}"), .. contents.Remarks];
        foreach (string note in notes)
            text.Remark($"NOTE {note}.");
        Draft.Head(text, path);
        text.Add("model:")
            .Add("  cell: lstm", "or gru, which has fewer parameters, or rnn")
            .Add($"  hiddenSize: {hidden}", "raise it if the training loss stays high, lower it if only the validation loss does")
            .Add("")
            .Add("data:")
            .Add($"  source: {SpecLines.Scalar($"{table.Word}:{source}")}", "relative to this file")
            .List("  inputs", inputs, "the columns that the network sees")
            .List("  targets", [target], inputs.Length == 1 ? "the column that it forecasts" : "the columns that it forecasts: name yours");
        if (table.Time is { } time)
            text.Add($"  time: {SpecLines.Scalar(time)}", "the order of rows is checked by this column");
        if (table.Series is { } series)
        {
            text.Add($"  series: {SpecLines.Scalar(series)}", $"each of {Text.Plural(run.Data.Training.Count, "text")} is a sequence")
                .Add("  scale: series", "mean and deviation of each series; or column, of all together");
        }

        if (table.MissingValues != MissingValues.Refuse)
            text.Add("  missingValues: interpolate", "or forward, or mask, which leaves missing targets out of the loss");
        text.Add($"  horizon: {table.Horizon}", "how many rows ahead the targets lie")
            .Add("  standardize: true", "mean 0 and deviation 1; losses are of standardised values");
        if (held > 0)
        {
            text.Add($"  validationFraction: {held.ToString(CultureInfo.InvariantCulture)}",
                $"the last rows{(table.Series is null ? "" : " of each series")} measure the forecasts, never train them");
        }

        text.Add($"  batchSize: {lanes}", "lanes: sequences that are trained at the same time")
            .Add("")
            .Add("tbptt:")
            .Add($"  chunkLength: {sizes.Chunk}", "rows that gradients reach back; the hidden state reaches further")
            .Add("");
        return new(Draft.Train(text, sizes, lanes, "mse", "squared error, for forecasts of numbers", "2e-3").ToString(), notes);
    }

    // Of other texts nobody thinks that they are trained on.
    private static bool HasNumbersInQuotes(LeftOutColumn column) => column.Why.EndsWith(" without quotes", StringComparison.Ordinal);

    private static string Describe(FileColumn column, TableSource table, SourceDescription contents) =>
        column.Name == table.Time ? "when the row was measured"
        : column.Name == table.Series ? "names the series of the row"
        : contents.Columns.FirstOrDefault(one => one.Name == column.Name) is { Min: { } min, Max: { } max } read
            ? $"{Text.Figure(min)} to {Text.Figure(max)}{(read.Missing > 0 ? $", {Text.Plural(read.Missing, "cell")} missing" : "")}"
        : contents.LeftOut.FirstOrDefault(one => one.Name == column.Name) is { } left ? $"left out, because {left.Why}"
        : "not read";
}
