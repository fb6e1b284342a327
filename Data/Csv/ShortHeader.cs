using System.Text;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>
/// What to do about first lines with another number of cells than the rows: they may be lines above the header, or the header itself, which
/// must not be passed over, because a row would then name the columns.
/// </summary>
internal static class ShortHeader
{
    /// <summary>The problem.</summary>
    /// <param name="path">The file.</param>
    /// <param name="lines">The first lines, the short ones included.</param>
    /// <param name="above">How many of them are short.</param>
    /// <param name="separator">Between cells.</param>
    public static TableFormatException Problem(string path, IReadOnlyList<CsvLine> lines, int above, char separator)
    {
        CsvLine header = lines[0], next = lines[above];
        string at = $"{Wording.Quote(header.Text)} at {path}:{header.Number}";
        string skip = $"write data.skipRows: {next.Number - 1}";
        if (IsHeader(next.Split(separator)))
        {
            return new($"{Wording.Count(above, "line")} above the header, such as {at}", "the header first", skip)
            {
                Mend = source => ((CsvSource)source) with { SkipRows = (int)next.Number - 1 },
            };
        }

        string[][] rows = [.. lines.Skip(above).Select(line => line.Split(separator))];
        int width = rows[0].Length, names = header.Count(separator);
        string found = $"{Wording.Count(names, "name")} in {at}, above rows of {Wording.Count(width, "cell")}, such as "
            + Wording.Quote(next.Text);
        const string Expected = "as many names as the rows have cells";
        if (separator == ',' && names == 1 && rows.All(row => row.Length == 2 && CsvHead.DecimalComma().IsMatch($"{row[0]},{row[1]}")))
        {
            return new(
                found, Expected, "write data.separator: semicolon and data.decimal: comma if the commas stand in front of decimals")
            {
                Mend = source => ((CsvSource)source) with { Separator = ';', DecimalMark = ',' },
            };
        }

        return new(found, Expected, (above == 1 ? Remedy(rows, names, width, separator) : null)
            ?? $"correct the header, or {skip} and data.headerRows: 0 if the file has no header");
    }

    private static string? Remedy(string[][] rows, int names, int width, char separator)
    {
        if (width > names && rows.All(row => row.Length == width && row[names..].All(cell => cell.Length == 0)))
            return "remove the separators at the end of the rows, or add as many at the end of the header";
        if (width != names + 1 || !rows.All(row => row.Length == width && !IsNumber(row[0])))
            return null;
        const string Name = "write a name for the first column at the beginning of the header";
        return separator == ',' && IsOfDecimalCommas(rows)
            ? $"export it with semicolons between cells if commas stand in front of decimals, or {Name} if the rows begin with names of "
                + "their own"
            : $"{Name}, because the rows begin with names of their own";
    }

    // No number has a point, and in one place or more a whole number is followed by digits alone.
    private static bool IsOfDecimalCommas(string[][] rows) => rows.All(row => !row.Any(cell => IsNumber(cell) && cell.Contains('.')))
        && Enumerable.Range(1, rows[0].Length - 1).Any(at => rows.All(row =>
            row[at].Length > 0 && row[at].All(char.IsAsciiDigit) && IsNumber(row[at - 1])));

    private static bool IsHeader(string[] cells) => cells.Any(cell => cell.Any(char.IsLetter) && !CsvSource.UsualMissing.Contains(cell))
        && !cells.Any(cell => IsNumber(cell) || IsTime(cell));

    /// <summary>Whether a cell is a point in time.</summary>
    public static bool IsTime(string cell) => TimeText.Column("", [cell]) is not null;

    private static bool IsNumber(string cell) => NumberText.TryParse(Encoding.UTF8.GetBytes(cell), '.', ',', out _)
        || NumberText.TryParse(Encoding.UTF8.GetBytes(cell), ',', '.', out _);
}
