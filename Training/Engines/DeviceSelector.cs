using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>What this process can compute on, and the choice among it.</summary>
/// <param name="HasCudaBuild">Whether libtorch here is the CUDA build.</param>
/// <param name="CudaDevices">How many CUDA devices it sees.</param>
public sealed record DeviceSelector(bool HasCudaBuild, int CudaDevices)
{
    private static readonly DeviceSelector CpuOnly = new(HasCudaBuild: false, CudaDevices: 0);
    private static readonly Lazy<DeviceSelector> Here = new(() => EngineLibraries.Torch.FindDevices());

    /// <summary>
    /// This machine's devices, as far as it takes to resolve <paramref name="asked"/>: libtorch is loaded only where a CUDA device is asked for, or
    /// where <c>auto</c> is and the machine may have one. Looked up once.
    /// </summary>
    /// <exception cref="EngineUnavailableException">libtorch is needed and cannot be loaded.</exception>
    public static DeviceSelector ThisMachine(DeviceName asked) =>
        asked == DeviceName.Cpu || (asked == DeviceName.Auto && !GpuDrivers.MayHaveNvidia()) ? CpuOnly : Here.Value;

    /// <summary>Every device, the one that <c>auto</c> means first: CUDA devices by index, then the CPU.</summary>
    public IReadOnlyList<DeviceName> Available() =>
        [.. Enumerable.Range(0, CudaDevices).Select(index => new DeviceName($"cuda:{index}")), DeviceName.Cpu];

    /// <summary>The device that <paramref name="asked"/> means here: <c>cpu</c> or <c>cuda:N</c>, never <c>auto</c>.</summary>
    /// <exception cref="DeviceUnavailableException">This machine has no such device.</exception>
    public DeviceName Resolve(DeviceName asked)
    {
        var available = Available();
        if (asked == DeviceName.Auto)
            return available[0];
        if (available.Contains(asked))
            return asked;
        const string OrElse = "or use device: auto, which takes the CPU where there is no GPU";
        throw new DeviceUnavailableException(asked, (HasCudaBuild, CudaDevices) switch
        {
            (false, _) => $"libtorch here is the CPU build; build with -p:TorchBackend=cuda, {OrElse}",
            (true, 0) => "no CUDA device found (is NVIDIA's driver installed, and the GPU visible in this container?); "
                + $"mend that, {OrElse}",
            (true, 1) => "only cuda:0 is here; use that, or device: auto",
            _ => $"only {CudaDevices} CUDA devices are here, cuda:0 to cuda:{CudaDevices - 1}; use one of them, or device: auto",
        });
    }
}

/// <summary>A device was asked for that this machine has not. The message is one line with the remedy.</summary>
/// <param name="device">The device that was asked for.</param>
/// <param name="reason">What there is instead, and what to do.</param>
public sealed class DeviceUnavailableException(DeviceName device, string reason)
    : Exception($"device {device} is not available: {reason}")
{
    /// <summary>The device that was asked for.</summary>
    public DeviceName Device { get; } = device;
}
