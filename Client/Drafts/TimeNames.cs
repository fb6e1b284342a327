namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Names of columns that say that their numbers are points in time or count rows.</summary>
internal static class TimeNames
{
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
}
