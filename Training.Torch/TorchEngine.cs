using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Torch.Native;
using TorchSharp;

namespace Orleans.Tbptt.Training.Torch;

/// <summary>libtorch's engine: replicas on GPUs, and on the CPU as the reference.</summary>
public sealed class TorchEngine : IEngineLibrary
{
    private static readonly Lazy<DeviceSelector> Devices = new(Find);

    /// <inheritdoc/>
    public DeviceSelector FindDevices() => Devices.Value;

    /// <inheritdoc/>
    public IReplica Open(ModelSpec model, LossSpec loss, DeviceName device, PrecisionKind precision = PrecisionKind.Full)
    {
        if (precision != PrecisionKind.Full)
            throw new EngineUnavailableException(
                $"engine torch: found precision {precision}, expected float32, because TF32 is off in libtorch; write engine: fused");
        NativeBackend.Initialize();
        return OpenLoaded(model, loss, Devices.Value.Resolve(device));
    }

    private static DeviceSelector Find()
    {
        // The CPU's build sees no GPU: there is nothing to load it for.
        if (!TorchLibraries.Find().HasCuda)
            return new(CudaDevices: 0, "this libtorch is the CPU build; build with -p:TorchBackend=cuda, or set "
                + $"{LibtorchFolder.Variable} to the torch/lib of a PyTorch for CUDA");
        NativeBackend.Initialize();
        return new(CountCudaDevices());
    }

    // Apart, so that TorchSharp is loaded only after NativeBackend has said whether it can be.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int CountCudaDevices() => torch.cuda.is_available() ? torch.cuda.device_count() : 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TorchReplica OpenLoaded(ModelSpec model, LossSpec loss, DeviceName device) =>
        new(model, loss, device.CudaIndex is { } index ? torch.device(DeviceType.CUDA, index) : torch.CPU);
}
