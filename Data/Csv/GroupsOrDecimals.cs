using System.Text.RegularExpressions;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>
/// Numbers such as 1.000 in a column with 900: thousand where points part groups of digits, and one where they stand in front of decimals.
/// </summary>
internal static partial class GroupsOrDecimals
{
    /// <summary>Refuses first lines that could be either: the spec has to say which.</summary>
    /// <remarks>
    /// They could be either where each number with a point has one to three digits in front of it, the first of which is not 0, and three
    /// behind it, and a column has such numbers next to whole ones, which are below 1000 because larger ones would have a point.
    /// </remarks>
    /// <exception cref="TableFormatException">They could be either.</exception>
    public static void Check(CsvSource source, IReadOnlyList<CsvLine> body, char separator)
    {
        string[][] rows = [.. body.Select(line => line.Split(separator))];
        if (rows.SelectMany(row => row).Any(cell => Point().IsMatch(cell) && !Group().IsMatch(cell)))
            return;
        for (int column = 0; column < (rows.Length == 0 ? 0 : rows[0].Length); column++)
        {
            string[] cells = [.. rows.Where(row => column < row.Length).Select(row => row[column])
                .Where(cell => Digits().IsMatch(cell)).Except(source.Missing)];
            string[] whole = [.. cells.Where(cell => !cell.Contains('.', StringComparison.Ordinal))];
            if (whole.Length == cells.Length || !whole.Any(cell => cell.Trim('-', '+', '0').Length > 0)
                || whole.Any(cell => cell.TrimStart('-', '+').Length > 3))
            {
                continue;
            }

            CsvLine line = body[Array.FindIndex(rows, row => column < row.Length && Group().IsMatch(row[column]))];
            string example = line.Split(separator)[column];
            throw new TableFormatException(
                $"{Wording.Quote(example)} at {source.Path}:{line.Number} in a column with {Wording.Quote(whole[0])}, which could be "
                + $"{example.Replace(".", "", StringComparison.Ordinal)} or {example}", "numbers of which the spec says what a point is",
                "write data.thousands: point or data.decimal: point")
            {
                // Decimals are seldom three in every number, and none in those that are whole.
                Mend = table => ((CsvSource)table) with { Thousands = '.' },
            };
        }
    }

    [GeneratedRegex(@"^[-+]?[1-9][0-9]{0,2}\.[0-9]{3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Group();

    [GeneratedRegex(@"^[-+]?[0-9]*\.[0-9]*([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Point();

    [GeneratedRegex(@"^[-+]?[0-9]+(\.[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Digits();
}
