namespace Orleans.Tbptt.Training.Engines;

/// <summary>Looks for a GPU's driver without loading it: whether a process has to load libtorch to see what GPUs there are.</summary>
internal static class GpuDrivers
{
    /// <summary>Whether this machine, or this container of it, may have an NVIDIA GPU. False is certain; true is not.</summary>
    public static bool MayHaveNvidia() => MayHaveNvidia("/dev");

    /// <summary>The same by the device files in <paramref name="devices"/>; on Windows by the driver's library.</summary>
    /// <remarks>A container sees only the GPUs that it is given, such as <c>/dev/nvidia3</c> alone; WSL has <c>/dev/dxg</c> in their place.</remarks>
    internal static bool MayHaveNvidia(string devices)
    {
        if (OperatingSystem.IsWindows())
            return File.Exists(Path.Combine(Environment.SystemDirectory, "nvcuda.dll"));
        return Directory.Exists(devices)
            && (Directory.EnumerateFileSystemEntries(devices, "nvidia*").Any() || File.Exists(Path.Combine(devices, "dxg")));
    }
}
