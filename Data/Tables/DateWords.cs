using System.Globalization;
using System.Text;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Reads dates that are not three numbers with one mark between them: with the month's English name (<c>Jan 31, 2020</c>,
/// <c>31-Jan-20</c>, <c>Jan 2020</c>, <c>2020 January 31</c>), by quarter, month or week of ISO 8601 (<c>2020Q1</c>, <c>Q1 2020</c>,
/// <c>2020M01</c>, <c>2020-W01</c>, whose Monday it is), or as eight digits (<c>20200131</c>).
/// </summary>
internal static class DateWords
{
    private const int MostParts = 3;

    private static readonly string[] Months =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

    private static readonly string[] Days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    /// <summary>Reads the date that a cell begins with.</summary>
    /// <param name="cell">The cell, in UTF-8.</param>
    /// <param name="date">Year, month and day, not yet compared with the calendar.</param>
    /// <returns>Where what follows the date begins; negative where there is no such date.</returns>
    public static int TryRead(ReadOnlySpan<byte> cell, out (int Year, int Month, int Day) date)
    {
        date = default;
        if (IsCompact(cell))
        {
            int digits = 0;
            foreach (byte digit in cell)
                digits = (digits * 10) + digit - '0';
            date = (digits / 10_000, digits / 100 % 100, digits % 100);
            return cell.Length;
        }

        return TryPeriod(cell, out date) is >= 0 and var end ? end : TryNamed(cell, out date);
    }

    /// <summary>Whether a cell is eight digits, which begin with a year of the last or this century.</summary>
    public static bool IsCompact(ReadOnlySpan<byte> cell) => cell.Length == 8 && cell.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
        && (cell.StartsWith("19"u8) || cell.StartsWith("20"u8));

    /// <summary>The year that two digits stand for, as in POSIX: 69 is 1969, and 68 is 2068.</summary>
    public static int YearOf(int twoDigits) => twoDigits < 69 ? 2000 + twoDigits : 1900 + twoDigits;

    private static int TryPeriod(ReadOnlySpan<byte> cell, out (int Year, int Month, int Day) date)
    {
        date = default;
        if (cell.Length is < 6 or > 8)
            return -1;
        string text = Encoding.ASCII.GetString(cell).ToUpperInvariant().Replace("-", "", StringComparison.Ordinal)
            .Replace(" ", "", StringComparison.Ordinal);
        if (text is ['Q', >= '1' and <= '4', ..])
            text = text[2..] + text[..2];
        if (text.Length < 6 || !int.TryParse(text.AsSpan(0, 4), NumberStyles.None, null, out int year)
            || !int.TryParse(text.AsSpan(5), NumberStyles.None, null, out int number))
        {
            return -1;
        }

        if (text[4] == 'W')
        {
            if (text.Length != 7 || year is < 1 or > 9998 || number < 1 || number > ISOWeek.GetWeeksInYear(year))
                return -1;
            DateTime monday = ISOWeek.ToDateTime(year, number, DayOfWeek.Monday);
            date = (monday.Year, monday.Month, monday.Day);
            return cell.Length;
        }

        bool isQuarter = text[4] == 'Q' && text.Length == 6 && number is >= 1 and <= 4;
        if (!isQuarter && (text[4] != 'M' || number is < 1 or > 12))
            return -1;
        date = (year, isQuarter ? (3 * number) - 2 : number, 1);
        return cell.Length;
    }

    private static int TryNamed(ReadOnlySpan<byte> cell, out (int Year, int Month, int Day) date)
    {
        date = default;
        Span<int> numbers = stackalloc int[MostParts], digits = stackalloc int[MostParts];
        int at = 0, count = 0, monthAt = -1;
        while (at < cell.Length && count < MostParts)
        {
            int start = at;
            if (IsLetter(cell[at]))
            {
                while (at < cell.Length && IsLetter(cell[at]))
                    at++;
                int month = NumberOf(Months, cell[start..at]);
                if (month < 0 && count == 0 && NumberOf(Days, cell[start..at]) >= 0)
                    continue;
                if (month < 0 && count > 0)
                {
                    // The T in front of the time of day.
                    at = start;
                    break;
                }

                if (month < 0 || monthAt >= 0)
                    return -1;
                (numbers[count], monthAt) = (month + 1, count);
                count++;
            }
            else if (cell[at] is >= (byte)'0' and <= (byte)'9')
            {
                int value = 0;
                for (; at < cell.Length && at - start < 4 && cell[at] is >= (byte)'0' and <= (byte)'9'; at++)
                    value = (value * 10) + cell[at] - '0';
                if (at < cell.Length && cell[at] is >= (byte)'0' and <= (byte)'9')
                    return -1;
                if (at < cell.Length && cell[at] == ':')
                {
                    at = start;
                    break;
                }

                (numbers[count], digits[count]) = (value, at - start);
                count++;
            }
            else if (cell[at] is (byte)' ' or (byte)',' or (byte)'-' or (byte)'/' or (byte)'.')
            {
                at++;
            }
            else
            {
                return -1;
            }
        }

        // Which part is the year and which the day, by the month's place.
        (int year, int day) = (count, monthAt) switch
        {
            (2, 0) => (1, -1),
            (2, 1) when digits[0] == 4 => (0, -1),
            (3, 0) => (2, 1),
            (3, 1) when digits[0] == 4 => (0, 2),
            (3, 1) => (2, 0),
            _ => (-1, -1),
        };
        if (year < 0 || digits[year] is not (2 or 4) || (day >= 0 && digits[day] > 2))
            return -1;

        // Jan-20 is a month, but Jan 20 may be a day of any year.
        if (day < 0 && digits[year] == 2 && cell[..at].Contains((byte)' '))
            return -1;
        date = (digits[year] == 4 ? numbers[year] : YearOf(numbers[year]), numbers[monthAt], day < 0 ? 1 : numbers[day]);
        return at;
    }

    // The whole name, or its first three letters or more.
    private static int NumberOf(string[] names, ReadOnlySpan<byte> word)
    {
        if (word.Length is < 3 or > 9)
            return -1;
        Span<char> letters = stackalloc char[9];
        letters = letters[..Encoding.ASCII.GetChars(word, letters)];
        for (int i = 0; i < names.Length; i++)
        {
            if (names[i].AsSpan().StartsWith(letters, StringComparison.OrdinalIgnoreCase))
                return i;
        }

        return -1;
    }

    private static bool IsLetter(byte one) => one is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z');
}
