using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>
/// Computes on a thread that gives way to the others: to trainers, which the machine's cores are for. Where all cores are busy, Linux gives
/// a thread that is nicer by this much about a tenth of the time that it gives the others (weights of 110 and 1,024, sched(7)).
/// </summary>
internal static partial class LowPriorityThread
{
    private const int Nicer = 10;

    /// <summary><c>PRIO_PROCESS</c>, which on Linux names a thread.</summary>
    private const int OfThread = 0;

    /// <summary>Runs a function.</summary>
    /// <returns>Its result, once the thread has finished with it.</returns>
    public static Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            // .NET changes no priorities on Linux. Elsewhere this call would change the whole process.
            if (OperatingSystem.IsLinux())
                _ = SetPriority(OfThread, 0, GetPriority(OfThread, 0) + Nicer);
            try
            {
                done.SetResult(work());
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        })
        {
            IsBackground = true, Name = "forecast", Priority = ThreadPriority.Lowest,
        }.Start();
        return done.Task;
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int GetPriority(int which, uint who);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SetPriority(int which, uint who, int priority);
}
