using System.Globalization;
using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>
/// The directory of one chaos test: run store, logs, server data. Its name has this process's id, and every process that a test starts has
/// it on its command line: what a killed test process left behind is found by it and cleared away.
/// </summary>
internal sealed partial class Workplace : IDisposable
{
    private const string Prefix = "tbptt-chaos-";
    private static readonly Lazy<bool> Swept = new(SweepLeftovers);
    private static int _count;

    public Workplace()
    {
        _ = Swept.Value;
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _count)}");
        Directory.CreateDirectory(Store);
        Directory.CreateDirectory(Logs);
    }

    /// <summary>The directory.</summary>
    public string Path { get; }

    /// <summary>The run store of the test's silos.</summary>
    public string Store => File("runs");

    /// <summary>A log for each silo.</summary>
    public string Logs => File("logs");

    /// <summary>A file or directory in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Deletes the directory. What is mounted or running in it has to be gone.</summary>
    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>The processes with <paramref name="path"/> on their command lines.</summary>
    public static IReadOnlyList<int> ProcessesNaming(string path) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(process => int.TryParse(System.IO.Path.GetFileName(process), CultureInfo.InvariantCulture, out int pid) ? pid : 0)
            .Where(pid => pid > 0 && pid != Environment.ProcessId && CommandLine(pid).Contains(path, StringComparison.Ordinal)),
    ];

    /// <summary>Whether the process that named something after itself is gone.</summary>
    public static bool IsLeftover(string pid) => !Directory.Exists($"/proc/{pid}");

    private static bool SweepLeftovers()
    {
        foreach (string directory in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), $"{Prefix}*"))
        {
            if (!(Name().Match(System.IO.Path.GetFileName(directory)) is { Success: true } name && IsLeftover(name.Groups["pid"].Value)))
                continue;
            foreach (int pid in ProcessesNaming(directory + System.IO.Path.DirectorySeparatorChar))
                Signals.Send(pid, Signal.Kill);
            Disk.SmallDisk.UnmountBelow(directory);
            Directory.Delete(directory, recursive: true);
        }

        return true;
    }

    private static string CommandLine(int pid)
    {
        try
        {
            return System.IO.File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // It ended while we looked, or is not ours to look at.
        }
    }

    [GeneratedRegex("^tbptt-chaos-(?<pid>[0-9]+)-[0-9]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
