using System.Text.RegularExpressions;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>Refuses files that are no CSV, though much of them looks so.</summary>
internal static partial class CsvFirstLines
{
    /// <summary>Refuses a line that is for a spreadsheet, and tables that are drawn.</summary>
    /// <param name="path">The path in the spec, for messages.</param>
    /// <param name="lines">The first lines, less those that are empty or remarks; at least one.</param>
    /// <exception cref="TableFormatException">They are such.</exception>
    public static void Check(string path, IReadOnlyList<CsvLine> lines)
    {
        if (SpreadsheetLine().Match(lines[0].Text) is { Success: true } line)
        {
            char separator = line.Groups["separator"].Value[0];
            string key = CsvHead.Separators.Contains(separator) ? $" and data.separator: {CsvDialect.WordOf(separator)}" : "";
            throw new TableFormatException(
                $"{Wording.Quote(lines[0].Text)} at {path}:{lines[0].Number}, a line that names the separator to spreadsheets",
                "the header first", $"write data.skipRows: {lines[0].Number}{key}")
            {
                Mend = source => ((CsvSource)source) with
                {
                    SkipRows = (int)lines[0].Number, Separator = key.Length > 0 ? separator : '\0',
                },
            };
        }

        if (lines.FirstOrDefault(one => EscapedQuote().IsMatch(one.Text)) is { } escaped)
        {
            throw new TableFormatException(
                $"a quote behind a backslash in {Wording.Quote(escaped.Text)} at {path}:{escaped.Number}", "quotes as RFC 4180 has them",
                "double each quote in quotes: \"\" in the place of \\\"");
        }

        if (lines.Take(2).FirstOrDefault(one => DrawnLine().IsMatch(one.Text)) is { } drawn)
        {
            throw new TableFormatException(
                $"{Wording.Quote(drawn.Text)} at {path}:{drawn.Number}, a line of a table that is drawn", "rows of cells",
                "export the table as CSV, or remove lines and bars that are drawn");
        }
    }

    [GeneratedRegex(@"\\""[^,;\t|\r\n"" ]", RegexOptions.CultureInvariant)]
    private static partial Regex EscapedQuote();

    [GeneratedRegex(@"^""?sep=(?<separator>.)""?\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex SpreadsheetLine();

    [GeneratedRegex(@"^(?=.*[|+\s])(?=.*(-{3}|={3}))[-+|:=\s]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex DrawnLine();
}
