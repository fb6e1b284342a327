using System.Globalization;

namespace Orleans.Tbptt.Silo.Web.Charts;

/// <summary>What an axis counts, which determines its ticks and their labels.</summary>
internal enum AxisKind
{
    /// <summary>A plain number.</summary>
    Number,

    /// <summary>A count: whole ticks only.</summary>
    Count,

    /// <summary>Seconds, shown as a duration.</summary>
    Duration,

    /// <summary>A share from 0 to 1, shown in percent.</summary>
    Share,

    /// <summary>Bytes, shown in binary units.</summary>
    Bytes,
}

/// <summary>An axis of a chart.</summary>
/// <param name="Title">What it shows, with its unit where it has one: <c>steps per second</c>.</param>
/// <param name="Kind">What it counts.</param>
/// <param name="Log">Whether it is logarithmic; it is linear where no value is positive.</param>
/// <param name="FromZero">Whether it begins at 0 where no value is negative.</param>
internal sealed record ChartAxis(string Title, AxisKind Kind = AxisKind.Number, bool Log = false, bool FromZero = false)
{
    /// <summary>The names of places, such as the times of rows; null, the default, for labels by <see cref="Kind"/>.</summary>
    public Func<double, string?>? Names { get; init; }

    /// <summary>What places are numbers of, where <see cref="Names"/> are shown; null, the default, for the title.</summary>
    public string? Counted { get; init; }

    private const int Digits = 4, MostDigits = 15;
    private const double Minute = 60, Hour = 3_600, Day = 86_400;

    /// <summary>
    /// The labels of ticks: as short as <see cref="Label(double)"/> makes them where that tells them apart, with more digits otherwise, as
    /// 1 and 1.0005 need.
    /// </summary>
    /// <param name="ticks">The ticks.</param>
    public IReadOnlyList<string> Labels(IReadOnlyList<double> ticks)
    {
        for (int digits = Digits; ; digits++)
        {
            string[] labels = [.. ticks.Select(tick => Label(tick, digits))];
            if (Names is not null || digits >= MostDigits || labels.Distinct().Count() == labels.Length)
                return labels;
        }
    }

    /// <summary>A value's label: at most some ten characters where it has a name, some eight otherwise.</summary>
    public string Label(double value) => Label(value, Digits);

    private string Label(double value, int digits) => Names?.Invoke(value) ?? Kind switch
    {
        AxisKind.Duration => Duration(value),
        AxisKind.Share => string.Create(CultureInfo.InvariantCulture, $"{value * 100:0.#} %"),
        AxisKind.Bytes => Bytes(value),
        _ => Number(value, digits),
    };

    private static string Number(double value, int digits) => Math.Abs(value) switch
    {
        0 => "0",
        >= 1e12 or < 1e-4 => value.ToString($"0.{new string('#', digits - 1)}e0", CultureInfo.InvariantCulture),
        >= 1e9 => Scaled(value, 1e9, "G", digits - 1),
        >= 1e6 => Scaled(value, 1e6, "M", digits - 1),
        >= 1e4 => Scaled(value, 1e3, "k", digits - 1),
        _ => value.ToString($"G{digits}", CultureInfo.InvariantCulture),
    };

    private static string Scaled(double value, double unit, string symbol, int decimals = Digits - 1) =>
        (value / unit).ToString($"0.{new string('#', decimals)}", CultureInfo.InvariantCulture) + symbol;

    private static string Bytes(double value) => Math.Abs(value) switch
    {
        >= 1L << 30 => Scaled(value, 1L << 30, " GiB"),
        >= 1L << 20 => Scaled(value, 1L << 20, " MiB"),
        >= 1L << 10 => Scaled(value, 1L << 10, " KiB"),
        _ => Scaled(value, 1, " B"),
    };

    private static string Duration(double seconds)
    {
        string sign = seconds < 0 ? "−" : "";
        double size = Math.Abs(seconds);
        return size switch
        {
            0 => "0",
            < Minute => sign + Scaled(size, 1, " s"),
            < Hour => sign + Scaled(size, Minute, " min"),
            < 2 * Day => sign + Scaled(size, Hour, " h"),
            _ => sign + Scaled(size, Day, " d"),
        };
    }
}
