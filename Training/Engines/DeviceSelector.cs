using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>The devices of this process, and the choice among them.</summary>
/// <param name="CudaDevices">The number of visible CUDA devices.</param>
/// <param name="WhyNone">Where there is none, or others cannot be used, the reason and what to do.</param>
public sealed record DeviceSelector(int CudaDevices, string WhyNone = DeviceSelector.NoneVisible)
{
    private const string NoneVisible =
        "no CUDA device found (is NVIDIA's driver installed, and the GPU visible in this container?); make one visible";

    private static readonly DeviceSelector CpuOnly = new(CudaDevices: 0);
    private static readonly Lazy<DeviceSelector> Here = new(Find);

    /// <summary>
    /// This machine's devices, as far as needed to resolve <paramref name="asked"/>: an engine's library is loaded only for a CUDA
    /// device, or for <c>auto</c> on a machine that may have one. Looked up once, by the first engine that finds a CUDA device.
    /// </summary>
    /// <exception cref="EngineUnavailableException">An engine is needed and cannot be loaded.</exception>
    public static DeviceSelector ThisMachine(DeviceName asked) =>
        asked == DeviceName.Cpu || (asked == DeviceName.Auto && !GpuDrivers.MayHaveNvidia()) ? CpuOnly : Here.Value;

    /// <summary>Every device, starting with that of <c>auto</c>: CUDA devices by index, then the CPU.</summary>
    public IReadOnlyList<DeviceName> Available() =>
        [.. Enumerable.Range(0, CudaDevices).Select(index => new DeviceName($"cuda:{index}")), DeviceName.Cpu];

    /// <summary>The device that <paramref name="asked"/> selects on this machine: <c>cpu</c> or <c>cuda:N</c>, never <c>auto</c>.</summary>
    /// <exception cref="DeviceUnavailableException">This machine has no such device.</exception>
    public DeviceName Resolve(DeviceName asked)
    {
        var available = Available();
        if (asked == DeviceName.Auto)
            return available[0];
        if (available.Contains(asked))
            return asked;
        string others = WhyNone == NoneVisible ? "" : $" ({WhyNone})";
        const string OrElse = "or use device: auto, which selects the CPU where there is no GPU";
        throw new DeviceUnavailableException(asked, CudaDevices switch
        {
            0 => $"{WhyNone}, {OrElse}",
            1 => $"this machine has only cuda:0{others}; use that, or device: auto",
            _ => $"this machine has only {CudaDevices} CUDA devices, cuda:0 to cuda:{CudaDevices - 1}{others}; use one of them, or device: "
                + "auto",
        });
    }

    private static DeviceSelector Find()
    {
        // Each engine looks up once, and the next ones only where those before them have found none.
        var found = ComputeEngines.All.Select(engine => engine.FindDevices()).OfType<DeviceSelector>();
        return found.FirstOrDefault(devices => devices.CudaDevices > 0) ?? found.FirstOrDefault() ?? CpuOnly;
    }
}

/// <summary>This machine lacks the requested device. The message is one line with the remedy.</summary>
/// <param name="device">The requested device.</param>
/// <param name="reason">The available devices, and the remedy.</param>
public sealed class DeviceUnavailableException(DeviceName device, string reason)
    : Exception($"device {device} is not available: {reason}")
{
    /// <summary>The requested device.</summary>
    public DeviceName Device { get; } = device;
}
