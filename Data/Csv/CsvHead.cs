using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>
/// Finds how a CSV file is written from its first lines, where the spec does not say; and refuses a beginning that would be read as
/// something that it is not, with the key to write.
/// </summary>
internal sealed partial class CsvHead
{
    private const int MostLines = 250;

    internal static readonly char[] Separators = [',', ';', '\t', '|', ' '];

    private readonly CsvSource _source;
    private readonly List<CsvLine> _lines;
    private readonly List<string> _notes = [];

    /// <summary>Looks at the first lines.</summary>
    /// <exception cref="TableFormatException">They cannot be read as the spec says, or it must say more.</exception>
    public CsvHead(CsvSource source, CsvText text)
    {
        _source = source;
        char comment = source.Comment is { Length: 1 } one ? one[0] : '\0';
        _lines = CsvLine.Of(Encoding.UTF8.GetString(text.Head), text.IsAll, 1 + source.SkipRows, comment, MostLines);
        _lines.RemoveAll(line => line.Text.Length == 0 || (comment != '\0' && line.Text.StartsWith(comment)));
        if (_lines.Count == 0)
        {
            // One line longer than what is looked at; the reader has a message for it.
            Dialect = source.ReadAs
                ?? new(Known(source.Separator, ','), Known(source.DecimalMark, '.'), source.Thousands, comment, source.HeaderRows);
            return;
        }

        Body = [.. _lines.Skip(source.HeaderRows)];
        if (source.ReadAs is { } known)
        {
            Dialect = known;
            return;
        }

        CsvFirstLines.Check(Path, _lines);
        char separator = source.Separator != '\0' ? source.Separator : FindSeparator();
        if (source.LinesPassed == 0)
            CheckPreamble(separator, comment);
        char decimals = source.DecimalMark != '\0' ? source.DecimalMark : FindDecimal(separator);
        Dialect = new(separator, decimals, source.Thousands, comment, source.HeaderRows)
        {
            HasDecimals = source.DecimalMark != '\0' || source.Thousands != '\0' || separator == ',' || decimals == ','
                || Body.Any(line => line.Split(separator).Any(cell => Point().IsMatch(cell))),
        };
        if (source.DecimalMark == '\0' && source.Thousands == '\0' && decimals == '.')
            GroupsOrDecimals.Check(source, Body, separator);
        if (source.Separator == '\0')
            CheckOtherSeparators();
        if (source.LinesPassed > 0)
            return;
        CheckHeader();
        CheckHeaderRows();
    }

    /// <summary>How the file is written.</summary>
    public CsvDialect Dialect { get; }

    /// <summary>The first lines below the header.</summary>
    public IReadOnlyList<CsvLine> Body { get; } = [];

    /// <summary>What was guessed.</summary>
    public IReadOnlyList<string> Notes => _notes;

    private string Path => _source.Path;

    private static char Known(char given, char otherwise) => given == '\0' ? otherwise : given;

    /// <summary>The separator that cuts the lines into the same number of cells; blanks only where no other does.</summary>
    private char FindSeparator()
    {
        char[] fitting = [.. Separators.Where(separator => Fits(separator, withHeader: true))];
        if (fitting.Length == 0)
        {
            // A comma that the header does not have may stand in front of decimals.
            fitting = [.. Separators.Where(separator => (separator != ',' || _source.DecimalMark != ',')
                && Fits(separator, withHeader: false))];
        }

        char[] printed = [.. fitting.Where(separator => separator != ' ')];
        if (printed.Length > 1)
        {
            throw new TableFormatException(
                $"lines that could be cut at {string.Join(" or at ", printed.Select(CsvDialect.NameOf))}, such as "
                + $"{Wording.Quote(_lines[0].Text)} at {Path}:{_lines[0].Number}", "one separator of columns",
                $"write data.separator: {string.Join(" or ", printed.Select(CsvDialect.WordOf))}")
            {
                Key = DataKeys.Separator,

                // A comma stands in front of decimals as well; no other does.
                Mend = source => ((CsvSource)source) with { Separator = printed[^1] },
            };
        }

        if (fitting.Length == 0 && HasBlanks())
            fitting = [' '];
        char single = _source.DecimalMark == ',' ? ';' : ',';
        char found = fitting.Length > 0 ? fitting[0] : Separators.FirstOrDefault(one => one != ' ' && _lines[0].Count(one) > 1, single);
        if (found != ',')
            _notes.Add($"columns separated by {CsvDialect.NameOf(found)} (guessed; data.separator: {CsvDialect.WordOf(found)})");
        return found;
    }

    // Nine lines of ten have as many cells as most lines have, and so has the first one, unless lines stand above the header.
    private bool Fits(char separator, bool withHeader)
    {
        int[] counts = [.. _lines.Select(line => line.Count(separator))];
        int usual = Usual(counts);
        return usual > 1 && counts.Count(count => count == usual) * 10 >= counts.Length * 9
            && (!withHeader || counts[0] == usual) && (separator != ' ' || counts.All(count => count == usual));
    }

    // As many cells as in the header in most rows: the others lack some, which is reported by their lines.
    private bool HasBlanks()
    {
        int[] counts = [.. _lines.Select(line => line.Count(' '))];
        return !_lines[0].Text.AsSpan().ContainsAny(",;\t|") && counts[0] > 1
            && counts.Count(count => count == counts[0]) * 2 > counts.Length;
    }

    private static int Usual(int[] counts) => counts.GroupBy(count => count).MaxBy(group => group.Count())!.Key;

    /// <summary>Refuses lines above the header: remarks, a title.</summary>
    private void CheckPreamble(char separator, char comment)
    {
        if (_source.HeaderRows == 0)
            return;
        int[] counts = [.. _lines.Select(line => line.Count(separator))];
        int usual = Usual(counts[(counts.Length / 2)..]);
        int above = Array.FindIndex(counts, count => count == usual);
        char first = _lines[0].Text[0];
        bool isRemark = comment == '\0' && first is '#' or '%' && _lines.Count > 2 && !IsNumber(_lines[1].Split(separator)[0]);
        if (isRemark && above == 0)
            above = _lines.FindIndex(line => line.Text[0] != first);
        if (above <= 0 || (usual == 1 && !isRemark) || counts.Count(count => count == usual) * 2 < counts.Length)
            return;
        if (first is not ('#' or '%') || !_lines.Take(above).All(line => line.Text[0] == first))
            throw ShortHeader.Problem(Path, _lines, above, separator);
        throw new TableFormatException(
            $"{Wording.Count(above, "line")} above the header, such as {Wording.Quote(_lines[0].Text)} at {Path}:{_lines[0].Number}",
            "the header first", $"write data.comment: \"{first}\"")
        {
            Mend = source => ((CsvSource)source) with { Comment = $"{first}" },
        };
    }

    /// <summary>Refuses a first line with a time or decimals above cells of the same kind: it is a row, and no header.</summary>
    private void CheckHeader()
    {
        if (_source.HeaderRows != 1 || Body.Count == 0)
            return;
        string[] header = _lines[0].Split(Dialect.Separator), first = Body[0].Split(Dialect.Separator);
        bool IsDecimal(string cell) => cell.Contains(Dialect.Decimal, StringComparison.Ordinal) && IsNumber(cell);
        bool IsValue(string cell) => IsNumber(cell) || ShortHeader.IsTime(cell);

        // A name above a number or a time, as of a column of times before columns that depths or wavelengths name.
        if (header.Zip(first).Any(pair => pair.First.Any(char.IsLetter) && !IsValue(pair.First) && IsValue(pair.Second)))
            return;
        foreach (var (name, cell) in header.Zip(first))
        {
            if (!(IsDecimal(name) && IsNumber(cell)) && !(ShortHeader.IsTime(name) && ShortHeader.IsTime(cell)))
                continue;
            throw new TableFormatException(
                $"{Wording.Quote(name)} above {Wording.Quote(cell)} at {Path}:{_lines[0].Number}, as in a file without a header",
                "a header row with the columns' names",
                "put one above the first row, or write data.headerRows: 0, which names the columns c1, c2, …")
            {
                Mend = source => ((CsvSource)source) with { HeaderRows = 0 },
            };
        }
    }

    /// <summary>Refuses lines without numbers below the header: units, further names.</summary>
    private void CheckHeaderRows()
    {
        if (_source.HeaderRows != 1 || Body.Count < 2)
            return;
        int below = 0;
        for (int rows = 1; rows <= Math.Min(5, Body.Count - 1); rows++)
        {
            string[] next = Body[rows].Split(Dialect.Separator);
            int[] numbers = [.. Enumerable.Range(0, next.Length).Where(i => IsNumber(next[i]))];
            if (numbers.Length > 0 && Body.Take(rows).All(line => IsHeading(line.Split(Dialect.Separator), numbers))
                && Body.Take(rows).Any(line => line.Split(Dialect.Separator).Any(cell => cell.Any(char.IsLetter))))
            {
                below = rows;
            }
        }

        if (below == 0)
            return;
        throw new TableFormatException(
            $"{Wording.Count(below, "line")} without numbers below the header, such as {Wording.Quote(Body[0].Text)} at "
            + $"{Path}:{Body[0].Number}", "rows of numbers below the header",
            $"write data.headerRows: {below + 1} if they are further names or units, or remove them")
        {
            Mend = source => ((CsvSource)source) with { HeaderRows = below + 1 },
        };
    }

    private bool IsHeading(string[] cells, int[] numbers) => numbers.All(i => i < cells.Length && !IsNumber(cells[i])
        && (cells[i].Length == 0 || (cells[i].Any(char.IsLetter) && !CsvSource.UsualMissing.Contains(cells[i]))));

    private void CheckOtherSeparators()
    {
        foreach (CsvLine line in _lines.Take(2))
        {
            foreach (char other in ";\t|,")
            {
                bool isDecimal = other == Dialect.Decimal || (other == ',' && line != _lines[0]);
                if (other == Dialect.Separator || isDecimal || !line.HasOutsideQuotes(other) || (Dialect.Separator == ' ' && other == '\t'))
                    continue;
                throw new TableFormatException(
                    $"{CsvDialect.NameOf(other)} outside of quotes in {Wording.Quote(line.Text)} at {Path}:{line.Number}, which has "
                    + $"{Wording.Count(line.Count(Dialect.Separator), "column")} when cut at {CsvDialect.NameOf(Dialect.Separator)}",
                    "one separator of columns",
                    $"write data.separator: {CsvDialect.WordOf(other)}, or data.separator: {CsvDialect.WordOf(Dialect.Separator)} if "
                    + "the others are part of a cell")
                {
                    Key = DataKeys.Separator,
                    Mend = Fits(Dialect.Separator, withHeader: true)
                        ? source => ((CsvSource)source) with { Separator = Dialect.Separator } : null,
                };
            }
        }
    }

    /// <summary>
    /// A comma where points part thousands, or where the cells show that: numbers with a comma, none with a point; for a file that does
    /// not separate by commas.
    /// </summary>
    private char FindDecimal(char separator)
    {
        if (_source.Thousands == '.')
            return ',';
        if (separator == ',')
            return '.';
        string[] cells = [.. Body.SelectMany(line => line.Split(separator))];
        string[] commas = [.. cells.Where(cell => DecimalComma().IsMatch(cell))];
        if (commas.Length == 0 || cells.Any(cell => Point().IsMatch(cell)))
            return '.';
        if (_source.Thousands == ',' || commas.All(cell => cell.Length - cell.IndexOf(',', StringComparison.Ordinal) == 4))
            return '.';
        _notes.Add("numbers with decimal commas (guessed; data.decimal: comma)");
        return ',';
    }

    private bool IsNumber(string cell) => NumberText.TryParse(
        Encoding.UTF8.GetBytes(cell), Dialect?.Decimal ?? Known(_source.DecimalMark, '.'), _source.Thousands, out _);

    /// <summary>A number with a comma in front of its decimals.</summary>
    [GeneratedRegex(@"^[-+]?[0-9]+,[0-9]+\z", RegexOptions.CultureInvariant)]
    internal static partial Regex DecimalComma();

    [GeneratedRegex(@"^[-+]?[0-9]+\.[0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Point();
}
