using System.Globalization;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Reads points in time as files write them.</summary>
internal static class TimeText
{
    private const DateTimeStyles Styles =
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal | DateTimeStyles.NoCurrentDateDefault
        | DateTimeStyles.AllowWhiteSpaces;

    private static readonly string[] DayFirst =
    [
        .. from date in (string[])["d/M/yyyy", "d.M.yyyy", "d-M-yyyy"]
           from time in (string[])["", " H:m", " H:m:s", " H:m:s.FFFFFFF"]
           select date + time,
    ];

    private static readonly string[] Units =
    [
        "month", "week", "weekday", "day", "hour", "hr", "minute", "min",
        "second",
        "sec", "quarter", "t", "index", "id", "no", "row", "step",
    ];

    /// <summary>Names of points in time; unlike a month or an hour, these never begin again within one series.</summary>
    private static readonly string[] Points =
    [
        "time", "date", "datetime", "timestamp", "ts", "epoch", "year", "unixtime", "unix_time", "unix_timestamp", "timestamp_ms",
        "epoch_ms",
    ];

    /// <summary>Whether a column's name says that its numbers are points in time.</summary>
    public static bool IsPoint(string name) => Points.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a column's name is a unit of time or a running number.</summary>
    public static bool IsUnit(string name) => IsPoint(name) || Units.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a date with its year, the month before the day where both are numbers.</summary>
    public static bool TryMonthFirst(string text, out DateTime time) =>
        DateTime.TryParse(text, CultureInfo.InvariantCulture, Styles, out time) && time.Year > 1;

    /// <summary>Reads a date with its year, the day before the month.</summary>
    public static bool TryDayFirst(string text, out DateTime time) =>
        DateTime.TryParseExact(text, DayFirst, CultureInfo.InvariantCulture, Styles, out time);
}
