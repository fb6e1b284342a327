using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>Keeps libtorch's kernels on the thread that calls them.</summary>
/// <remarks>
/// <c>set_num_threads</c> sets OpenMP's number of threads for the calling thread only; on every other thread the kernels still split their
/// work over all cores. Measured on two cores: a chunk-step of 0.6 ms takes 4 ms while another process is busy, and a different split
/// gives different sums. OpenMP and MKL read their defaults from the environment once, when they are loaded.
/// </remarks>
public static partial class ThreadTeams
{
    private static readonly Lock Gate = new();
    private static bool _isLimited;

    /// <summary>
    /// Makes one thread the default for every thread. Must be called before libtorch is loaded; a program calls it first, because the C
    /// library's environment must not change while another thread reads it. Only the first call has an effect.
    /// </summary>
    /// <exception cref="EngineUnavailableException">The environment cannot be changed.</exception>
    public static void LimitToOne()
    {
        lock (Gate)
        {
            if (_isLimited || OperatingSystem.IsWindows())
                return;
            SetVariables();
            _isLimited = true;
        }
    }

    private static void SetVariables()
    {
        // Environment.SetEnvironmentVariable changes .NET's own copy only, which native code does not see.
        foreach (string name in (ReadOnlySpan<string>)["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
        {
            if (SetVariable(name, "1", overwrite: 1) != 0)
                throw new EngineUnavailableException(
                    $"cannot set {name}=1 for libtorch: error {Marshal.GetLastPInvokeError()}; set it before the program starts");
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
