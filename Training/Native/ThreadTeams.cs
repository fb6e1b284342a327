using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Training.Native;

/// <summary>Keeps libtorch's kernels on the thread that calls them.</summary>
/// <remarks>
/// <c>set_num_threads</c> sets OpenMP's number of threads for the calling thread alone; on every other thread the kernels still split their
/// work over all cores. Measured here with two cores: a chunk-step of 0.6 ms takes 4 ms beside one busy process, and what is split differently
/// is summed differently. OpenMP and MKL read their defaults from the environment once, when they are loaded.
/// </remarks>
internal static partial class ThreadTeams
{
    /// <summary>Makes one thread the default of every thread. Must come before libtorch is loaded.</summary>
    public static void LimitToOne()
    {
        if (OperatingSystem.IsWindows())
            return;

        // Environment.SetEnvironmentVariable changes .NET's own copy only, which native code does not see.
        foreach (string name in (ReadOnlySpan<string>)["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
        {
            if (SetVariable(name, "1", overwrite: 1) != 0)
                throw new NativeBackendException($"cannot set {name}=1 for libtorch: error {Marshal.GetLastPInvokeError()}; set it before the program starts");
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
