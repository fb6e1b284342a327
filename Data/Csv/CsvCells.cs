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
    public string? Advice(string cell)
    {
        bool Reads(string text, char point, char thousands) =>
            NumberText.TryParse(Encoding.UTF8.GetBytes(text), point, thousands, out _);
        if (NoValue().IsMatch(cell))
            return Missing(cell);
        char other = _dialect.Decimal == '.' ? ',' : '.';
        string name = other == ',' ? "comma" : "point";
        bool asGroups = _dialect.Thousands == '\0' && Reads(cell, _dialect.Decimal, other);
        bool asDecimal = Reads(cell, other, '\0');
        if (asGroups && asDecimal)
            return $"write data.thousands: {name} or data.decimal: {name}, whichever it is";
        if (asGroups || asDecimal)
            return $"write data.{(asGroups ? "thousands" : "decimal")}: {name}";
        if (_dialect.Thousands == '\0' && Reads(cell, _dialect.Decimal, ' '))
            return "write data.thousands: blank";
        string bare = cell.Trim('$', '€', '£', '%', ' ');
        if (bare.Length < cell.Length && (Reads(bare, _dialect.Decimal, _dialect.Thousands) || Reads(bare, other, _dialect.Decimal)
            || Reads(bare, _dialect.Decimal, other)))
            return "write plain numbers, without signs of currency or percent";
        return double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && !double.IsFinite(value)
            ? Missing(cell)
            : null;
    }

    /// <summary>The key with the words that it has already, because it takes the place of all words.</summary>
    private string Missing(string cell) =>
        $"if it stands for a missing value, write data.missing: [{string.Join(", ", _source.Missing.Append(cell).Select(Quoted))}]";

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>Words and signs by which programs and people say that there is no value.</summary>
    [GeneratedRegex(
        @"^([-.?*_]+|\\N|[-+]?nan|#?n\.?/?a\.?|n/?d|<(na|nan|null|none)>|null|none|nil|missing|unknown|undefined"
            + @"|#(value!|div/0!|ref!|null!|num!))\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex NoValue();
}
