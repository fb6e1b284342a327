using System.Text;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Reads points in time as files write them: <c>2020-01-31</c>, <c>2020-01</c>, <c>31.01.2020 12:30</c>, <c>1/31/20 12:30:00 PM</c>,
/// <c>2020-01-31T12:30:00.25+02:00</c>, and what <see cref="DateWords"/> reads. A time without an offset is taken as UTC.
/// </summary>
/// <param name="dayFirst">Whether the day stands before the month where the year stands last.</param>
internal sealed class TimeText(bool dayFirst)
{
    private const long MicrosecondsOfDay = 86_400_000_000;

    private static readonly TimeText MonthFirst = new(dayFirst: false);
    private static readonly TimeText DayFirst = new(dayFirst: true);

    /// <summary>Reads the times of a column.</summary>
    public static TimeText Of(CellType type) => type == CellType.DayFirstTime ? DayFirst : MonthFirst;

    /// <summary>
    /// A column of times, as far as some of its cells show how it is written; null where they are no times. One cell of ten may be none,
    /// such as that of a row of totals, which is reported by its place.
    /// </summary>
    public static TableColumn? Column(string name, IReadOnlyList<string> cells)
    {
        int monthFirst = cells.Count(cell => !double.IsNaN(MonthFirst.Value(cell)));
        int dayFirst = cells.Count(cell => !double.IsNaN(DayFirst.Value(cell)));
        if (cells.Count == 0 || Math.Max(monthFirst, dayFirst) * 10 < cells.Count * 9)
            return null;
        return new(name, monthFirst < dayFirst ? CellType.DayFirstTime : CellType.Time)
        {
            HasTwoReadings = monthFirst == dayFirst && cells.Any(YearIsLast),
        };
    }

    /// <summary>Whether a cell is a time of day alone.</summary>
    public static bool IsClock(string cell) =>
        cell.Contains(':', StringComparison.Ordinal) && TryTimeOfDay(Encoding.UTF8.GetBytes(cell), out _);

    /// <summary>The time of a cell in microseconds since 1970-01-01; NaN where it is none.</summary>
    public double Value(string cell) => TryParse(Encoding.UTF8.GetBytes(cell), out double time) ? time : double.NaN;

    /// <summary>Reads a cell.</summary>
    /// <param name="cell">The cell, in UTF-8.</param>
    /// <param name="time">Microseconds since 1970-01-01.</param>
    public bool TryParse(ReadOnlySpan<byte> cell, out double time)
    {
        time = 0;
        int at = TryNumbers(cell, out var date);
        if (at < 0)
            at = DateWords.TryRead(cell, out date);
        if (at < 0)
            return false;
        (int year, int month, int day) = date;
        if (year is < 1 or > 9999 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return false;
        time = (double)(new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks - DateTime.UnixEpoch.Ticks) / 10;
        if (at == cell.Length)
            return true;
        if (cell[at] is (byte)' ' or (byte)'T')
            at++;
        else if (cell[at - 1] != ' ')
            return false;
        if (!TryTimeOfDay(cell[at..], out long ofDay))
            return false;
        time += ofDay;
        return true;
    }

    // Without a month's name, a year at the end leaves it open which of the others is the day.
    private static bool YearIsLast(string time)
    {
        ReadOnlySpan<char> start = time.AsSpan(0, Math.Min(4, time.Length));
        return start.ContainsAnyExceptInRange('0', '9') && !start.ContainsAnyInRange('A', 'z');
    }

    // Three numbers, or year and month, with one mark between them. A year of two digits stands behind slashes: 20-01-31 has it first, and
    // 12.30.15 is a time of day.
    private int TryNumbers(ReadOnlySpan<byte> cell, out (int Year, int Month, int Day) date)
    {
        date = default;
        int at = 0;
        if (!TryInteger(cell, ref at, out int one, out int digits) || at == cell.Length
            || cell[at] is not ((byte)'-' or (byte)'/' or (byte)'.'))
        {
            return -1;
        }

        byte mark = cell[at++];
        if (!TryInteger(cell, ref at, out int two, out _))
            return -1;
        int three = 1, lastDigits = 2;
        bool hasThree = at < cell.Length && cell[at] == mark;
        if (hasThree && (++at < 0 || !TryInteger(cell, ref at, out three, out lastDigits)))
            return -1;
        bool yearFirst = digits == 4;
        if (!yearFirst && (!hasThree || (lastDigits != 4 && (lastDigits != 2 || mark != '/'))))
            return -1;
        if (!yearFirst && lastDigits == 2)
            three = DateWords.YearOf(three);
        date = yearFirst ? (one, two, three) : dayFirst ? (three, two, one) : (three, one, two);
        return at;
    }

    // H:m[:s[.f]] [AM|PM] [Z|±HH[:]mm]
    private static bool TryTimeOfDay(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        int at = 0, second = 0, fraction = 0;
        if (!TryInteger(text, ref at, out int hour, out _) || at == text.Length || text[at] is not ((byte)':' or (byte)'.'))
            return false;
        byte mark = text[at++];
        if (!TryInteger(text, ref at, out int minute, out _))
            return false;
        if (at < text.Length && text[at] == mark && (++at < 0 || !TryInteger(text, ref at, out second, out _)))
            return false;
        if (at < text.Length && text[at] is (byte)'.' or (byte)',')
        {
            int places = 0;
            for (at++; at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++)
            {
                if (places++ < 6)
                    fraction = (fraction * 10) + text[at] - '0';
            }

            for (; places < 6; places++)
                fraction *= 10;
        }

        ReadOnlySpan<byte> rest = text[at..].Trim((byte)' ');
        bool isMorning = rest.StartsWith("AM"u8) || rest.StartsWith("am"u8), isEvening = rest.StartsWith("PM"u8) || rest.StartsWith("pm"u8);
        if (isMorning || isEvening)
        {
            if (hour is < 1 or > 12)
                return false;
            hour = (hour % 12) + (isEvening ? 12 : 0);
            rest = rest[2..].Trim((byte)' ');
        }

        if (hour > 24 || minute > 59 || second > 60 || !TryOffset(rest, out int offset))
            return false;
        microseconds = ((((hour * 60L) + minute - offset) * 60) + second) * 1_000_000 + fraction;
        return microseconds <= 2 * MicrosecondsOfDay;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 0 || text.SequenceEqual("Z"u8) || text.SequenceEqual("UTC"u8))
            return true;
        if (text[0] is not ((byte)'+' or (byte)'-'))
            return false;
        int at = 1, low = 0;
        if (!TryInteger(text, ref at, out int high, out int digits))
            return false;
        if (digits == 4)
            (high, low) = (high / 100, high % 100);
        else if (at < text.Length && (text[at++] != ':' || !TryInteger(text, ref at, out low, out _)))
            return false;
        minutes = (text[0] == '-' ? -1 : 1) * ((high * 60) + low);
        return at == text.Length && high <= 18 && low <= 59;
    }

    private static bool TryInteger(ReadOnlySpan<byte> text, ref int at, out int value, out int digits)
    {
        (value, digits) = (0, 0);
        for (; at < text.Length && digits < 5 && text[at] is >= (byte)'0' and <= (byte)'9'; at++, digits++)
            value = (value * 10) + text[at] - '0';
        return digits is > 0 and < 5;
    }
}
