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
            return count > 0 ? new(count) : new(CudaDevices: 0, WhyNone(Cuda.NoDevice, ""));
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
        + $"write device: cpu");
}
