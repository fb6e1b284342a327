using System.Runtime.InteropServices;
using System.Text;

namespace Orleans.Tbptt.Grains.Silos.Load;

/// <summary>NVIDIA's management library, where it is installed: it alone knows how busy a GPU is.</summary>
internal sealed unsafe class Nvml
{
    private readonly delegate* unmanaged<byte*, nint*, int> _handle;
    private readonly delegate* unmanaged<nint, Utilization*, int> _utilization;
    private readonly delegate* unmanaged<nint, MemoryInfo*, int> _memory;

    private Nvml(nint handle, nint utilization, nint memory)
    {
        _handle = (delegate* unmanaged<byte*, nint*, int>)handle;
        _utilization = (delegate* unmanaged<nint, Utilization*, int>)utilization;
        _memory = (delegate* unmanaged<nint, MemoryInfo*, int>)memory;
    }

    /// <summary>Opens the library; null where there is none.</summary>
    public static Nvml? Open() =>
        NativeLibrary.TryLoad("libnvidia-ml.so.1", out nint library)
        && NativeLibrary.TryGetExport(library, "nvmlInit_v2", out nint start)
        && NativeLibrary.TryGetExport(library, "nvmlDeviceGetHandleByPciBusId_v2", out nint handle)
        && NativeLibrary.TryGetExport(library, "nvmlDeviceGetUtilizationRates", out nint utilization)
        && NativeLibrary.TryGetExport(library, "nvmlDeviceGetMemoryInfo", out nint memory)
        && ((delegate* unmanaged<int>)start)() == 0
            ? new(handle, utilization, memory) : null;

    /// <summary>
    /// A GPU's memory in use and in all, in bytes, and the share of time in which it was busy; null where the library does not say.
    /// </summary>
    /// <param name="bus">Where the GPU is: its numbers here and for programs that compute need not be the same.</param>
    public (long? Used, long? Total, double? Busy) Read(string bus)
    {
        nint device = 0;
        fixed (byte* name = Encoding.ASCII.GetBytes(bus + '\0'))
        {
            if (_handle(name, &device) != 0)
                return (null, null, null);
        }

        Utilization utilization;
        MemoryInfo memory;
        double? busy = _utilization(device, &utilization) == 0 ? utilization.Gpu / 100.0 : null;
        return _memory(device, &memory) == 0 ? ((long)memory.Used, (long)memory.Total, busy) : (null, null, busy);
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
