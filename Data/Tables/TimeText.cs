using System.Text;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Reads points in time as files write them: <c>2020-01-31</c>, <c>2020-01</c>, <c>31.01.2020 12:30</c>, <c>1/31/2020 12:30:00 PM</c>,
/// <c>2020-01-31T12:30:00.25+02:00</c>. A time without an offset is taken as UTC.
/// </summary>
/// <param name="dayFirst">Whether the day stands before the month where the year stands last.</param>
internal sealed class TimeText(bool dayFirst)
{
    private const long MicrosecondsOfDay = 86_400_000_000;

    private static readonly TimeText MonthFirst = new(dayFirst: false);
    private static readonly TimeText DayFirst = new(dayFirst: true);

    /// <summary>Reads the times of a column.</summary>
    public static TimeText Of(CellType type) => type == CellType.DayFirstTime ? DayFirst : MonthFirst;

    /// <summary>A column of times, as far as some of its cells show how it is written; null where they are no times.</summary>
    public static TableColumn? Column(string name, IReadOnlyList<string> cells)
    {
        double[] monthFirst = [.. cells.Select(MonthFirst.Value)], dayFirst = [.. cells.Select(DayFirst.Value)];
        if (cells.Count == 0 || (monthFirst.Any(double.IsNaN) && dayFirst.Any(double.IsNaN)))
            return null;
        bool areBoth = !monthFirst.Any(double.IsNaN) && !dayFirst.Any(double.IsNaN);
        return new(name, monthFirst.Any(double.IsNaN) ? CellType.DayFirstTime : CellType.Time)
        {
            HasTwoReadings = areBoth && cells.Any(YearIsLast),
        };
    }

    /// <summary>The time of a cell in microseconds since 1970-01-01; NaN where it is none.</summary>
    public double Value(string cell) => TryParse(Encoding.UTF8.GetBytes(cell), out double time) ? time : double.NaN;

    /// <summary>Reads a cell.</summary>
    /// <param name="cell">The cell, in UTF-8.</param>
    /// <param name="time">Microseconds since 1970-01-01.</param>
    public bool TryParse(ReadOnlySpan<byte> cell, out double time)
    {
        time = 0;
        int at = 0;
        if (!TryInteger(cell, ref at, out int one, out int digits) || at == cell.Length
            || cell[at] is not ((byte)'-' or (byte)'/' or (byte)'.'))
        {
            return false;
        }

        byte mark = cell[at++];
        if (!TryInteger(cell, ref at, out int two, out _))
            return false;
        int three = 1, lastDigits = 2;
        bool hasThree = at < cell.Length && cell[at] == mark;
        if (hasThree && (++at < 0 || !TryInteger(cell, ref at, out three, out lastDigits)))
            return false;
        bool yearFirst = digits == 4;
        if (!yearFirst && (!hasThree || lastDigits != 4))
            return false;
        (int year, int month, int day) = yearFirst ? (one, two, three) : dayFirst ? (three, two, one) : (three, one, two);
        if (year is < 1 or > 9999 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return false;
        time = (double)(new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks - DateTime.UnixEpoch.Ticks) / 10;
        if (at == cell.Length)
            return true;
        if (cell[at] is not ((byte)' ' or (byte)'T') || !TryTimeOfDay(cell[(at + 1)..], out long ofDay))
            return false;
        time += ofDay;
        return true;
    }

    private static bool YearIsLast(string time) => time.AsSpan(0, Math.Min(4, time.Length)).ContainsAnyExceptInRange('0', '9');

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
