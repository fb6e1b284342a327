using System.Globalization;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Driver;

/// <summary>A function of NVIDIA's driver failed. What was computed since the last copy to the host is lost with its step.</summary>
internal sealed class CudaException : Exception
{
    private CudaException(int code, string message) : base(message) => Code = code;

    /// <summary>The driver's number.</summary>
    public int Code { get; }

    /// <summary>
    /// Whether the device cannot be used any more, as far as that was asked: it did not open, or its stream could not be waited for
    /// afterwards. Otherwise the device is sound, and only what was asked of it failed.
    /// </summary>
    public bool IsLost { get; init; }

    /// <summary>
    /// What failed where the device reports a kernel's error only when it is waited for.
    /// </summary>
    /// <param name="last">The last launch before; null where there was none since the wait before.</param>
    internal static string Waiting(LaunchShape? last) => last is null ? "finish its work"
        : $"finish its work, whose last part was {last} (an earlier kernel may have failed: CUDA_LAUNCH_BLOCKING=1 tells)";

    /// <summary>What is said where the host has no page-locked memory left.</summary>
    internal static string NoPageLocked(string device, long bytes) => string.Create(
        CultureInfo.InvariantCulture,
        $"{device}: the host cannot lock {bytes / 1048576.0:n1} MiB more of its memory, from which chunks are copied to the device; raise "
        + $"the memory limit of the container or of the machine, lower tbptt.chunkLength or data.batchSize, or write device: cpu");

    /// <summary>Throws where a function did not return success.</summary>
    /// <param name="code">What it returned.</param>
    /// <param name="device">The device, as <c>cuda:0</c>.</param>
    /// <param name="action">What was tried, in the infinitive.</param>
    public static void Check(int code, string device, string action)
    {
        if (code != Cuda.Success)
            throw Of(code, device, action, Text(code));
    }

    /// <summary>The exception of a code that the driver has described.</summary>
    internal static CudaException Of(int code, string device, string action, string described, bool isLost = false) => new(
        code, $"{device}: cannot {action}: {described}; look at `nvidia-smi` and the system's log for the device, or write device: cpu")
    {
        IsLost = isLost,
    };

    /// <summary>A code's name and meaning, by the driver.</summary>
    public static unsafe string Text(int code)
    {
        string number = code.ToString(CultureInfo.InvariantCulture);
        return Cuda.GetErrorName(code, out byte* name) == Cuda.Success && Cuda.GetErrorString(code, out byte* text) == Cuda.Success
            ? $"{Marshal.PtrToStringUTF8((nint)text)} ({Marshal.PtrToStringUTF8((nint)name)}, error {number})" : $"error {number}";
    }
}
