using System.Globalization;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>How a silo process ended, as text: its exit code, or the signal and its probable sender.</summary>
internal static class SiloEnd
{
    private const string VirtualMemoryFile = "/proc/vmstat";

    /// <summary>The exit code of a process that signal n ended is this plus n.</summary>
    private const int SignalBase = 128;

    private const int Kill = 9;

    /// <summary>The signals of Linux that end a process, by number.</summary>
    private static readonly Dictionary<int, string> Signals = new()
    {
        [1] = "SIGHUP", [2] = "SIGINT", [3] = "SIGQUIT", [4] = "SIGILL", [6] = "SIGABRT", [7] = "SIGBUS", [8] = "SIGFPE",
        [Kill] = "SIGKILL", [11] = "SIGSEGV", [15] = "SIGTERM",
    };

    /// <summary>The signals that somebody sends; the others report a crash.</summary>
    private static readonly HashSet<string> Sent = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGTERM"];

    /// <summary>The end of a process.</summary>
    /// <param name="exitCode">Its exit code; 128 + n for signal n.</param>
    /// <param name="when">When it ended, with a leading space; empty where that is clear.</param>
    /// <param name="memoryKills">Out-of-memory kills of the kernel while the process lived; null where they are unknown.</param>
    /// <param name="lastOutput">What it wrote last; left out after a signal that somebody sent: it does not explain that.</param>
    public static string Describe(int exitCode, string when, long? memoryKills, Func<string> lastOutput)
    {
        if (exitCode == 0)
            return $"ended on request (exit code 0){when}";
        if (!Signals.TryGetValue(exitCode - SignalBase, out string? signal))
            return $"ended with exit code {exitCode}{when}{lastOutput()}";
        string with = $"{signal} (exit code {exitCode}){when}";
        if (!Sent.Contains(signal))
            return $"crashed with {with}{lastOutput()}";
        if (exitCode != SignalBase + Kill)
            return $"was ended by {with}, which a user or a program sent";
        return $"was killed by {with}, " + memoryKills switch
        {
            null => "which the kernel's out-of-memory killer or a user sent",
            > 0 and var kills => "probably by the kernel's out-of-memory killer, which has killed "
                + $"{Text.Count(kills)} {(kills == 1 ? "process" : "processes")} in the meantime; give the machine more memory, or reduce "
                + "data.batchSize or model.hiddenSize",
            _ => "probably by a user: the kernel has counted no out-of-memory kill in the meantime",
        };
    }

    /// <summary>How many processes the kernel's out-of-memory killer has killed since start-up; null where they are not counted.</summary>
    /// <param name="path">The kernel's file of counts.</param>
    public static long? ReadMemoryKills(string path = VirtualMemoryFile)
    {
        const string Key = "oom_kill ";
        try
        {
            return File.Exists(path)
                && File.ReadLines(path).FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal)) is { } found
                && long.TryParse(found.AsSpan(Key.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                ? count
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
