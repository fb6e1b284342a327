using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>
/// Reads the cells of a CSV file: which are numbers, which stand for a missing value, and what could be meant by the others.
/// </summary>
internal sealed partial class CsvCells
{
    private readonly CsvSource _source;
    private readonly CsvDialect _dialect;
    private readonly byte[][] _missing;
    private readonly double[] _missingNumbers;

    public CsvCells(CsvSource source, CsvDialect dialect)
    {
        (_source, _dialect) = (source, dialect);
        IReadOnlyList<string> missing = source.Missing.Count > 0 ? source.Missing : CsvSource.UsualMissing;
        _missing = [.. missing.Select(Encoding.UTF8.GetBytes)];
        _missingNumbers = [.. _missing.Where(text => TryNumber(text, out _)).Select(text => TryNumber(text, out double value) ? value : 0)];
    }

    /// <summary>Whether a cell stands for a missing value.</summary>
    public bool IsMissing(ReadOnlySpan<byte> cell)
    {
        if (cell.IsEmpty)
            return true;
        foreach (byte[] text in _missing)
        {
            if (cell.SequenceEqual(text))
                return true;
        }

        return false;
    }

    /// <summary>Whether a cell is a number that stands for no missing value; the short way for nearly every cell.</summary>
    public bool TryPlain(ReadOnlySpan<byte> cell, out double number) =>
        NumberText.TryPlain(cell, _dialect.Decimal, out number) && _missingNumbers.Length == 0;

    /// <summary>A cell of a column of numbers; NaN, counted, for any other.</summary>
    public double Number(ReadOnlySpan<byte> cell, long place, ColumnTally tally)
    {
        if (TryNumber(cell, out double number))
            return _missingNumbers.Length > 0 && _missingNumbers.Contains(number) ? tally.AddMissing(place, cell) : number;
        return IsMissing(cell) ? tally.AddMissing(place, cell) : tally.AddOther(place, cell);
    }

    /// <summary>Whether a cell is a number.</summary>
    public bool TryNumber(ReadOnlySpan<byte> cell, out double number) =>
        NumberText.TryParse(cell, _dialect.Decimal, _dialect.Thousands, out number);

    /// <summary>What to do about a cell that is no number, where its text shows the cause.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="others">The other cells that are none, and the words that stand for a missing value.</param>
    public string? Advice(string cell, IEnumerable<string> others)
    {
        if (LooksMissing(cell))
            return Missing([cell, .. others.Where(other => LooksMissing(other) || (other.Length > 0 && _source.Missing.Count == 0
                && CsvSource.UsualMissing.Contains(other)))]);
        (string Keys, CsvSource Source)[] marks = [.. Marks(cell)];
        if (marks.Length > 0)
            return $"write {string.Join(" or ", marks.Select(one => one.Keys))}{(marks.Length > 1 ? ", whichever it is" : "")}";
        if (WithUnit().Match(cell) is { Success: true } match && match.Groups["number"].Value is var number
            && (Reads(number, _dialect.Decimal, _dialect.Thousands) || Marks(number).Any()))
        {
            return "write plain numbers, without signs of currency or percent, units and parentheses";
        }

        if (cell is ['\'', .. var inner, '\''] && (Reads(inner, _dialect.Decimal, _dialect.Thousands) || Marks(inner).Any()))
            return "remove the single quotes: cells are quoted by double ones";
        if (cell.Contains('D', StringComparison.OrdinalIgnoreCase)
            && Reads(cell.Replace('D', 'e').Replace('d', 'e'), _dialect.Decimal, _dialect.Thousands))
        {
            return "write the exponents of numbers with e, as in 1.5e-3";
        }

        if (Flag().IsMatch(cell))
            return "write 1 and 0, or name the column in data.categorical, which takes texts as classes";
        if (cell.Contains('\u2212', StringComparison.Ordinal) && Reads(cell.Replace('\u2212', '-'), _dialect.Decimal, _dialect.Thousands))
            return "write numbers with the minus sign of ASCII, -";
        return double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && !double.IsFinite(value)
            ? Missing([cell])
            : null;
    }

    /// <summary>Whether a cell is a word or a sign by which programs and people say that there is no value.</summary>
    public static bool LooksMissing(string cell) => NoValue().IsMatch(cell);

    /// <summary>
    /// The keys with which a cell would be a number, and the source that has them: first those of groups of digits, then those of decimals.
    /// </summary>
    public IEnumerable<(string Keys, CsvSource Source)> Marks(string cell)
    {
        char point = _dialect.Decimal, other = point == '.' ? ',' : '.';
        (string name, string own) = other == ',' ? ("comma", "point") : ("point", "comma");
        if (_dialect.Thousands == '\0')
        {
            (char Mark, string Name)[] groups = [(other, name), (' ', "blank"), ('\'', "apostrophe")];
            foreach (var (mark, word) in groups.Where(group => Reads(cell, point, group.Mark)).Take(1))
                yield return ($"data.thousands: {word}", _source with { Thousands = mark });
        }

        if (_dialect.Thousands == other && Reads(cell, other, '\0'))
        {
            yield return ($"data.decimal: {name} in the place of data.thousands: {name}",
                _source with { DecimalMark = other, Thousands = '\0' });
        }
        else if (Reads(cell, other, _dialect.Thousands))
        {
            yield return ($"data.decimal: {name}", _source with { DecimalMark = other });
        }
        else if (_dialect.Thousands == '\0')
        {
            (char Mark, string Name)[] groups = [(point, own), (' ', "blank"), ('\'', "apostrophe")];
            foreach (var (mark, word) in groups.Where(group => Reads(cell, other, group.Mark)).Take(1))
            {
                yield return ($"data.decimal: {name} and data.thousands: {word}",
                    _source with { DecimalMark = other, Thousands = mark });
            }
        }
    }

    private static bool Reads(string text, char point, char thousands) =>
        NumberText.TryParse(Encoding.UTF8.GetBytes(text), point, thousands, out _);

    /// <summary>The key with the words that it has already, because it takes the place of all words.</summary>
    private string Missing(IEnumerable<string> cells) =>
        $"if it stands for a missing value, write data.missing: [{string.Join(", ", _source.Missing.Union(cells).Select(Quoted))}]";

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>Words and signs by which programs and people say that there is no value.</summary>
    [GeneratedRegex(
        @"^([-.?*_]+|\\N|[-+]?nan|#?n\.?/?a\.?|n/?d|<(na|nan|null|none)>|null|none|nil|missing|unknown|undefined"
            + @"|#(value!|div/0!|ref!|null!|num!))\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex NoValue();

    /// <summary>A number with a sign of currency or percent, a unit, or in parentheses, as accountants write what is less than 0.</summary>
    [GeneratedRegex(
        @"^(?=.*[^-+0-9.,])\(?[-+]?\s?\p{Sc}?\s?(?<number>[-+]?[0-9.,][0-9.,'\s]*?)\s?(%|\p{Sc}|[\p{L}°][\p{L}\p{N}°²³/]{0,7})?\)?\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex WithUnit();

    [GeneratedRegex(@"^(true|false|yes|no)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Flag();
}
