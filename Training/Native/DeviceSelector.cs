using Orleans.Tbptt.Specs;
using TorchSharp;

namespace Orleans.Tbptt.Training.Native;

/// <summary>What this process can compute on, and the choice among it.</summary>
/// <param name="HasCudaBuild">Whether libtorch here is the CUDA build.</param>
/// <param name="CudaDevices">How many CUDA devices it sees.</param>
public sealed record DeviceSelector(bool HasCudaBuild, int CudaDevices)
{
    private static readonly Lazy<DeviceSelector> Here = new(Look);

    /// <summary>This machine's devices, looked up once; loads libtorch if nothing has done so.</summary>
    /// <exception cref="NativeBackendException">libtorch cannot be loaded.</exception>
    public static DeviceSelector ThisMachine => Here.Value;

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

    /// <summary>The same as <see cref="Resolve"/>, as libtorch names it.</summary>
    /// <exception cref="DeviceUnavailableException">This machine has no such device.</exception>
    public torch.Device Open(DeviceName asked) =>
        Resolve(asked).CudaIndex is { } index ? torch.device(DeviceType.CUDA, index) : torch.CPU;

    private static DeviceSelector Look()
    {
        NativeBackend.Initialize();
        bool cuda = TorchLibraries.Find().HasCuda;
        return new(cuda, cuda && torch.cuda.is_available() ? torch.cuda.device_count() : 0);
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
