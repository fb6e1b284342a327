using System.Globalization;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Training.Gpu.Driver;

/// <summary>Finds the devices of NVIDIA's driver, and says in one line why there are none.</summary>
internal static class CudaDevices
{
    /// <summary>The lowest compute capability that kernels are written for.</summary>
    public const int LeastCapability = 80;

    /// <summary>The driver's version that can compile the PTX of newer devices: CUDA 11.8.</summary>
    private const int LeastDriver = 11080;

    /// <summary>Counts them; looked up once.</summary>
    public static DeviceSelector Find()
    {
        try
        {
            int code = Cuda.Init(0);
            if (code != Cuda.Success)
                return new(CudaDevices: 0, WhyNone(code, code == Cuda.NoDevice ? "" : CudaException.Text(code)));
            CudaException.Check(Cuda.DriverGetVersion(out int version), "cuda", "ask for the driver's version");
            if (version < LeastDriver)
                return new(CudaDevices: 0, TooOld(version));
            CudaException.Check(Cuda.DeviceGetCount(out int count), "cuda", "count devices");
            return count > 0 ? Offer(count) : new(CudaDevices: 0, WhyNone(Cuda.NoDevice, ""));
        }
        catch (CudaException problem)
        {
            return new(CudaDevices: 0, problem.Message);
        }
        catch (DllNotFoundException)
        {
            return new(CudaDevices: 0, NoDriver);
        }
        catch (EntryPointNotFoundException problem)
        {
            return new(
                CudaDevices: 0, $"NVIDIA's driver lacks a function ({problem.Message}): install driver 520 or newer");
        }
    }

    /// <summary>What is said of a device that is too old; null where it is not.</summary>
    /// <param name="name">What it is called, as <c>cuda:0</c>.</param>
    /// <param name="device">What the driver calls it.</param>
    /// <param name="capability">Receives its compute capability, as 80 of 8.0.</param>
    /// <exception cref="CudaException">The driver does not say.</exception>
    public static unsafe string? FindWeakness(string name, int device, out int capability)
    {
        CudaException.Check(Cuda.DeviceGetAttribute(out int major, Cuda.MajorCapability, device), name, "ask what it can do");
        CudaException.Check(Cuda.DeviceGetAttribute(out int minor, Cuda.MinorCapability, device), name, "ask what it can do");
        capability = (major * 10) + minor;
        if (capability >= LeastCapability)
            return null;
        byte* product = stackalloc byte[256];
        CudaException.Check(Cuda.DeviceGetName(product, 256, device), name, "ask for its name");
        return TooWeak(name, Marshal.PtrToStringUTF8((nint)product) ?? "", capability);
    }

    /// <summary>
    /// Those before the first one that is too old: devices are a number of them, and the driver has the fastest ones first.
    /// </summary>
    private static DeviceSelector Offer(int count)
    {
        int usable = count;
        List<string> weak = [];
        for (int ordinal = 0; ordinal < count; ordinal++)
        {
            string name = $"cuda:{ordinal}";
            CudaException.Check(Cuda.DeviceGet(out int device, ordinal), name, "open the device");
            if (FindWeakness(name, device, out _) is not { } weakness)
                continue;
            usable = Math.Min(usable, ordinal);
            weak.Add(weakness);
        }

        return weak.Count == 0 ? new(usable) : new(usable, string.Join("; ", weak));
    }

    /// <summary>What the driver says of a device; null where it fails. Makes no context: one takes memory of the device.</summary>
    public static unsafe GpuFacts? Ask(int ordinal)
    {
        try
        {
            if (Cuda.Init(0) != Cuda.Success || Cuda.DeviceGet(out int device, ordinal) != Cuda.Success
                || Cuda.DeviceTotalMem(out nuint total, device) != Cuda.Success)
                return null;
            byte* bus = stackalloc byte[32];
            string where = Cuda.DeviceGetPciBusId(bus, 32, device) == Cuda.Success ? Marshal.PtrToStringUTF8((nint)bus) ?? "" : "";
            return new(where, (long)total, UsedOf(device));
        }
        catch (Exception problem) when (problem is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    private static long? UsedOf(int device)
    {
        if (Cuda.DevicePrimaryCtxGetState(device, out _, out int isActive) != Cuda.Success || isActive == 0
            || Cuda.DevicePrimaryCtxRetain(out nint context, device) != Cuda.Success)
            return null;
        try
        {
            return Cuda.CtxSetCurrent(context) == Cuda.Success && Cuda.MemGetInfo(out nuint free, out nuint total) == Cuda.Success
                ? (long)(total - free) : null;
        }
        finally
        {
            _ = Cuda.CtxSetCurrent(0);
            _ = Cuda.DevicePrimaryCtxRelease(device);
        }
    }

    /// <summary>What is said without a driver.</summary>
    internal const string NoDriver =
        "no CUDA device found, because NVIDIA's driver is not installed (libcuda.so.1 is missing): install it; start a container "
        + "with the GPU, such as docker run --gpus all";

    /// <summary>What is said where the driver does not start.</summary>
    internal static string WhyNone(int code, string described) => code == Cuda.NoDevice
        ? "no CUDA device found: NVIDIA's driver sees no GPU (is one hidden by CUDA_VISIBLE_DEVICES, or not passed to this container?); "
            + "make one visible"
        : $"no CUDA device found, because NVIDIA's driver does not start: {described}; `nvidia-smi` says more";

    /// <summary>What is said of an old driver.</summary>
    internal static string TooOld(int version) => string.Create(
        CultureInfo.InvariantCulture,
        $"no CUDA device found: NVIDIA's driver is of CUDA {version / 1000}.{version % 1000 / 10}, expected 11.8 or newer; "
        + $"install driver 520 or newer");

    /// <summary>What is said of an old device.</summary>
    internal static string TooWeak(string device, string name, int capability) => string.Create(
        CultureInfo.InvariantCulture,
        $"{device} ({name}) has compute capability {capability / 10}.{capability % 10}, expected 8.0 or higher (A100, RTX 30 or newer); "
        + $"hide it by CUDA_VISIBLE_DEVICES, so that those behind it are used, or write device: cpu");
}
