namespace Orleans.Tbptt.Tests.Support;

/// <summary>What Linux reports of this process. Threads that end and files that close meanwhile do not count.</summary>
internal static class ThisProcess
{
    /// <summary>The threads' names, each cut off after 15 bytes. A thread that native code starts inherits its maker's.</summary>
    public static IReadOnlyList<string> ThreadNames() =>
        [.. Directory.EnumerateDirectories("/proc/self/task").Select(task => NameOrNull(task)).OfType<string>()];

    /// <summary>The paths of the open files.</summary>
    public static IReadOnlyList<string> OpenFiles() =>
        [.. Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(file => new FileInfo(file).LinkTarget).OfType<string>()];

    private static string? NameOrNull(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }
}
