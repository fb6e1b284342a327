using System.Globalization;

namespace Orleans.Tbptt.Benchmarks.Processes;

/// <summary>What a process holds at a moment. Linux only.</summary>
/// <param name="Megabytes">Resident memory.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Handles">Open files and sockets.</param>
internal readonly record struct ProcessSample(double Megabytes, int Threads, int Handles)
{
    /// <summary>Looks at a process.</summary>
    /// <exception cref="IOException">It has ended.</exception>
    public static ProcessSample Of(int pid)
    {
        var status = File.ReadLines($"/proc/{pid}/status").Select(line => line.Split(':', 2))
            .ToDictionary(line => line[0], line => line[1]);
        return new(Number(status["VmRSS"]) / 1024, (int)Number(status["Threads"]),
            Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Count());
    }

    /// <summary>Seconds of processor time that a process has used so far, user and system.</summary>
    public static double ProcessorSeconds(int pid)
    {
        string stat = File.ReadAllText($"/proc/{pid}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0;
    }

    private static double Number(string text) =>
        double.Parse(text.Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture);
}
