namespace Orleans.Tbptt.Training.Engines;

/// <summary>Detects a GPU driver without loading it, to decide whether libtorch has to be loaded to list GPUs.</summary>
public static class GpuDrivers
{
    /// <summary>Whether this machine or container may have an NVIDIA GPU. False is certain; true is not.</summary>
    public static bool MayHaveNvidia() => MayHaveNvidia("/dev");

    /// <summary>
    /// How many NVIDIA GPUs this machine or container has, by their device files; null where these do not say. A program that is given
    /// some of them by <c>CUDA_VISIBLE_DEVICES</c> sees no more than those.
    /// </summary>
    public static int? CountNvidia() => CountNvidia("/dev", Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES"));

    /// <summary>The same by the device files in <paramref name="devices"/>.</summary>
    internal static int? CountNvidia(string devices, string? visible)
    {
        if (!MayHaveNvidia(devices))
            return 0;
        if (OperatingSystem.IsWindows() || File.Exists(Path.Combine(devices, "dxg")))
            return null;
        int count = Directory.EnumerateFileSystemEntries(devices, "nvidia*")
            .Count(path => Path.GetFileName(path)["nvidia".Length..] is { Length: > 0 } number && number.All(char.IsAsciiDigit));
        // A part of a GPU, or a driver that names its devices otherwise.
        if (count == 0 || visible?.Contains("MIG", StringComparison.OrdinalIgnoreCase) == true)
            return null;
        return visible is null ? count : Math.Min(count, visible.Split(',', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    /// <summary>Whether there may be one by the device files in <paramref name="devices"/>; on Windows by the driver's library.</summary>
    /// <remarks>A container sees only its assigned GPUs, e.g. only <c>/dev/nvidia3</c>; WSL has <c>/dev/dxg</c> instead.</remarks>
    internal static bool MayHaveNvidia(string devices)
    {
        if (OperatingSystem.IsWindows())
            return File.Exists(Path.Combine(Environment.SystemDirectory, "nvcuda.dll"));
        return Directory.Exists(devices)
            && (Directory.EnumerateFileSystemEntries(devices, "nvidia*").Any() || File.Exists(Path.Combine(devices, "dxg")));
    }
}
