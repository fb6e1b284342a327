using System.Diagnostics;
using Serilog.Events;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>Warnings of Orleans that every silo logs and that carry no information. All others are kept.</summary>
internal static class LogNoise
{
    private static readonly long Began = Stopwatch.GetTimestamp();

    /// <summary>Whether <paramref name="entry"/> can be dropped.</summary>
    public static bool Contains(LogEvent entry) => IsAdviceOnServerGC(entry)
        || IsFirstWatchdogCheck(entry, Stopwatch.GetElapsedTime(Began));

    /// <summary>The workstation collector is intended, because training allocates outside its heap.</summary>
    private static bool IsAdviceOnServerGC(LogEvent entry) =>
        entry.Level == LogEventLevel.Warning && entry.MessageTemplate.Text.StartsWith("Note: ", StringComparison.Ordinal)
        && entry.MessageTemplate.Text.Contains("ServerGC", StringComparison.Ordinal);

    /// <summary>The first check measures from the machine's start, and so appears late by more than the process's lifetime.</summary>
    internal static bool IsFirstWatchdogCheck(LogEvent entry, TimeSpan age) =>
        entry.MessageTemplate.Text.StartsWith("Participant check thread has not completed for", StringComparison.Ordinal)
        && entry.Properties.TryGetValue("TimeSinceLastTick", out var late)
        && TimeSpan.TryParse(late.ToString().Trim('"'), System.Globalization.CultureInfo.InvariantCulture, out var span)
        && span > age + TimeSpan.FromSeconds(30);
}
