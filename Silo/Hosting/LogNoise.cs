using System.Diagnostics;
using Serilog.Events;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>Warnings of Orleans that every silo gives and that say nothing about it. All others are for somebody to read.</summary>
internal static class LogNoise
{
    private static readonly long Began = Stopwatch.GetTimestamp();

    /// <summary>Whether nobody needs to see <paramref name="entry"/>.</summary>
    public static bool Contains(LogEvent entry) => IsAdviceOnServerGC(entry) || IsFirstWatchdogCheck(entry, Stopwatch.GetElapsedTime(Began));

    /// <summary>The workstation collector is our choice: training allocates outside of its heap.</summary>
    private static bool IsAdviceOnServerGC(LogEvent entry) =>
        entry.Level == LogEventLevel.Warning && entry.MessageTemplate.Text.StartsWith("Note: ", StringComparison.Ordinal)
        && entry.MessageTemplate.Text.Contains("ServerGC", StringComparison.Ordinal);

    /// <summary>The first check measures from the machine's start, and so finds itself late by more than the process has lived.</summary>
    internal static bool IsFirstWatchdogCheck(LogEvent entry, TimeSpan age) =>
        entry.MessageTemplate.Text.StartsWith("Participant check thread has not completed for", StringComparison.Ordinal)
        && entry.Properties.TryGetValue("TimeSinceLastTick", out var late)
        && TimeSpan.TryParse(late.ToString().Trim('"'), System.Globalization.CultureInfo.InvariantCulture, out var span)
        && span > age + TimeSpan.FromSeconds(30);
}
