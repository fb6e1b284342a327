using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Grains.Silos.Load;

/// <summary>The machine's NVIDIA GPUs, through the driver's management library.</summary>
internal sealed unsafe class GpuLoad
{
    private readonly nint[] _devices;
    private readonly delegate* unmanaged<nint, Utilization*, int> _utilization;
    private readonly delegate* unmanaged<nint, MemoryInfo*, int> _memory;

    private GpuLoad(nint[] devices, nint utilization, nint memory)
    {
        _devices = devices;
        _utilization = (delegate* unmanaged<nint, Utilization*, int>)utilization;
        _memory = (delegate* unmanaged<nint, MemoryInfo*, int>)memory;
    }

    /// <summary>Opens the library; null where there is none, or no GPU.</summary>
    public static GpuLoad? Open()
    {
        if (!NativeLibrary.TryLoad("libnvidia-ml.so.1", out nint library)
            || !NativeLibrary.TryGetExport(library, "nvmlInit_v2", out nint start)
            || !NativeLibrary.TryGetExport(library, "nvmlDeviceGetCount_v2", out nint count)
            || !NativeLibrary.TryGetExport(library, "nvmlDeviceGetHandleByIndex_v2", out nint handle)
            || !NativeLibrary.TryGetExport(library, "nvmlDeviceGetUtilizationRates", out nint utilization)
            || !NativeLibrary.TryGetExport(library, "nvmlDeviceGetMemoryInfo", out nint memory))
            return null;
        uint found = 0;
        if (((delegate* unmanaged<int>)start)() != 0 || ((delegate* unmanaged<uint*, int>)count)(&found) != 0)
            return null;
        var devices = new List<nint>();
        for (uint index = 0; index < found; index++)
        {
            nint device = 0;
            if (((delegate* unmanaged<uint, nint*, int>)handle)(index, &device) == 0)
                devices.Add(device);
        }

        return devices.Count == 0 ? null : new([.. devices], utilization, memory);
    }

    /// <summary>
    /// The mean share of time in which the GPUs were busy, and their memory in use, in bytes; NaN where the driver does not say.
    /// </summary>
    public (double Share, double Memory) Read()
    {
        (double busy, int known, double used) = (0, 0, double.NaN);
        foreach (nint device in _devices)
        {
            Utilization utilization;
            if (_utilization(device, &utilization) == 0)
                (busy, known) = (busy + (utilization.Gpu / 100.0), known + 1);
            MemoryInfo memory;
            if (_memory(device, &memory) == 0)
                used = (double.IsNaN(used) ? 0 : used) + memory.Used;
        }

        return (busy / (known == 0 ? double.NaN : known), used);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Utilization
    {
        public uint Gpu;
        public uint Memory;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MemoryInfo
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }
}
