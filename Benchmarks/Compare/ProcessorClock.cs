using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Benchmarks.Compare;

/// <summary>
/// The processor time that this thread has used; on other systems than Linux the time that has passed. Contestants compute on the thread
/// that calls them, so that other programs on the machine affect this clock less than one on the wall.
/// </summary>
internal static partial class ProcessorClock
{
    private const int ThreadProcessorTime = 3;

    /// <summary>Seconds since some moment.</summary>
    public static double Seconds
    {
        get
        {
            if (!OperatingSystem.IsLinux())
                return Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
            _ = GetTime(ThreadProcessorTime, out var time);
            return time.Seconds + (time.Nanoseconds * 1e-9);
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Time time);

    private readonly struct Time
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
