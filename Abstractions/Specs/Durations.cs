using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>Durations as people write them: <c>2h</c>, <c>1h30m</c>.</summary>
internal static partial class Durations
{
    private const int MostDays = 10_000;

    private static readonly (string Unit, TimeSpan Length)[] Units =
        [("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)), ("m", TimeSpan.FromMinutes(1)), ("s", TimeSpan.FromSeconds(1))];

    /// <summary>A duration that may be left out.</summary>
    public static TextForm<TimeSpan?> Optional { get; } = new(
        $"days, hours, minutes and seconds such as 2h, 90m or 1d12h, more than 0 and at most {MostDays}d", (text, at) => Parse(text, at),
        duration => duration is { } length ? Write(length) : null, "none",
        "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$");

    /// <summary>The shortest text that reads back to the same duration.</summary>
    public static string Write(TimeSpan duration)
    {
        var text = new StringBuilder();
        foreach (var (unit, length) in Units)
        {
            long count = duration.Ticks / length.Ticks;
            if (count > 0)
                text.Append(CultureInfo.InvariantCulture, $"{count}{unit}");
            duration -= count * length;
        }

        return text.ToString();
    }

    private static TimeSpan? Parse(string text, TextContext at)
    {
        var match = Form().Match(text);
        double days = match.Success ? Units.Select((unit, i) => Count(match.Groups[i + 1].Value) * unit.Length.TotalDays).Sum() : 0;
        if (days is > 0 and <= MostDays)
            return Units.Select((unit, i) => (long)Count(match.Groups[i + 1].Value) * unit.Length)
                .Aggregate(TimeSpan.Zero, (sum, one) => sum + one);
        at.Report(Show.Clean(text), Optional.Expected, "correct it");
        return null;
    }

    private static double Count(string digits) => digits.Length == 0 ? 0 : double.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
