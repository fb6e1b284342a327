namespace Orleans.Tbptt.Training.Engines;

/// <summary>Detects a GPU driver without loading it, to decide whether libtorch has to be loaded to list GPUs.</summary>
public static class GpuDrivers
{
    /// <summary>Whether this machine or container may have an NVIDIA GPU. False is certain; true is not.</summary>
    public static bool MayHaveNvidia() => MayHaveNvidia("/dev");

    /// <summary>The same by the device files in <paramref name="devices"/>; on Windows by the driver's library.</summary>
    /// <remarks>A container sees only its assigned GPUs, e.g. only <c>/dev/nvidia3</c>; WSL has <c>/dev/dxg</c> instead.</remarks>
    internal static bool MayHaveNvidia(string devices)
    {
        if (OperatingSystem.IsWindows())
            return File.Exists(Path.Combine(Environment.SystemDirectory, "nvcuda.dll"));
        return Directory.Exists(devices)
            && (Directory.EnumerateFileSystemEntries(devices, "nvidia*").Any() || File.Exists(Path.Combine(devices, "dxg")));
    }
}
