using System.Globalization;

namespace Orleans.Tbptt.Grains.Silos.Load;

/// <summary>What the process and the machine have used since their start. Fields are NaN where the system does not say.</summary>
/// <param name="Seconds">Processor time of the process, in seconds.</param>
/// <param name="MachineSeconds">Processor time of all processes, in seconds.</param>
/// <param name="Memory">Resident memory of the process, in bytes.</param>
/// <param name="Threads">Threads of the process.</param>
internal readonly record struct ProcessLoad(double Seconds, double MachineSeconds, double Memory, double Threads)
{
    /// <summary>Ticks of a second in <c>/proc</c>: fixed in Linux's interface.</summary>
    private const double Ticks = 100;

    private const int ThreadsField = 17, IdleField = 4, WaitField = 5, GuestField = 9;

    /// <summary>Reads two small files; on other systems than Linux, threads and the machine's time are unknown.</summary>
    public static ProcessLoad Read()
    {
        double seconds = Environment.CpuUsage.TotalTime.TotalSeconds, memory = Environment.WorkingSet;
        if (!OperatingSystem.IsLinux())
            return new(seconds, double.NaN, memory, double.NaN);
        try
        {
            return new(seconds, MachineTime(File.ReadAllText("/proc/stat")), memory, ThreadsOf(File.ReadAllText("/proc/self/stat")));
        }
        catch (IOException)
        {
            return new(seconds, double.NaN, memory, double.NaN);
        }
    }

    /// <summary>
    /// Busy seconds of <c>/proc/stat</c>'s first line: all but idling and waiting for disks. Guests' time is part of the user's.
    /// </summary>
    internal static double MachineTime(string text)
    {
        string[] fields = text[..text.IndexOf('\n', StringComparison.Ordinal)].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        double ticks = 0;
        for (int field = 1; field < Math.Min(fields.Length, GuestField); field++)
            ticks += field is IdleField or WaitField ? 0 : double.Parse(fields[field], CultureInfo.InvariantCulture);
        return ticks / Ticks;
    }

    /// <summary>The threads of <c>/proc/self/stat</c>. The process's name comes before, in brackets, and may contain anything.</summary>
    internal static double ThreadsOf(string text) =>
        double.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[ThreadsField], CultureInfo.InvariantCulture);
}
