using System.Globalization;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Times and the steps between them, in the units of a column: microseconds where its cells are times, the numbers themselves where they
/// are numbers.
/// </summary>
/// <param name="isTime">Whether its cells are times.</param>
internal readonly struct TimeStep(bool isTime)
{
    /// <summary>Whether cells are times.</summary>
    public bool IsTime => isTime;

    private static readonly (string Unit, double Microseconds)[] Units =
        [("d", 86_400e6), ("h", 3600e6), ("min", 60e6), ("s", 1e6), ("ms", 1e3)];

    /// <summary>Reads a step such as <c>15min</c> or <c>1h</c>, or a number; null where it is neither.</summary>
    public double? Parse(string text)
    {
        string unit = text.TrimStart([.. "0123456789.+-eE"]).Trim();
        if (!double.TryParse(text[..^unit.Length], NumberStyles.Float, CultureInfo.InvariantCulture, out double count) || !(count > 0))
            return null;
        if (!isTime)
            return unit.Length == 0 ? count : null;
        double scale = Units.FirstOrDefault(one => one.Unit == unit).Microseconds;
        return scale > 0 ? count * scale : null;
    }

    /// <summary>A step as it is written in a spec.</summary>
    public string Show(double step)
    {
        if (!isTime)
            return step.ToString("R", CultureInfo.InvariantCulture);
        var (unit, scale) = Units.First(one => step >= one.Microseconds || one.Unit == "ms");
        return (step / scale).ToString("0.###", CultureInfo.InvariantCulture) + unit;
    }

    /// <summary>A time as people write it.</summary>
    public string ShowTime(double time)
    {
        if (!isTime)
            return time.ToString("R", CultureInfo.InvariantCulture);
        DateTime at = DateTime.UnixEpoch.AddTicks((long)(time * 10));
        string format = at.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : at.Second == 0 && at.Microsecond == 0 && at.Millisecond == 0
            ? "yyyy-MM-dd HH:mm" : "yyyy-MM-dd HH:mm:ss.FFFFFF";
        return at.ToString(format, CultureInfo.InvariantCulture);
    }
}
