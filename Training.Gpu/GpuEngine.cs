using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu.Driver;
using Orleans.Tbptt.Training.Gpu.Network;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu;

/// <summary>The fused engine on GPUs. Each device is held to the CPU's bits before it computes for the first time.</summary>
public sealed class GpuEngine : IEngineLibrary
{
    private static readonly GpuDevices Devices = new(CudaDevices.Find, ordinal => new CudaAccelerator(ordinal));

    /// <inheritdoc/>
    public DeviceSelector FindDevices() => Devices.Found;

    /// <inheritdoc/>
    public GpuFacts? Ask(DeviceName device) => device.CudaIndex is { } ordinal ? CudaDevices.Ask(ordinal) : null;

    /// <inheritdoc/>
    public IReplica Open(ModelSpec model, LossSpec loss, DeviceName device, PrecisionKind precision = PrecisionKind.Full) =>
        Open(Devices, model, loss, device, precision);

    /// <summary>Creates a replica on one of some devices.</summary>
    internal static IReplica Open(
        GpuDevices devices, ModelSpec model, LossSpec loss, DeviceName device, PrecisionKind precision = PrecisionKind.Full)
    {
        var accelerator = devices.Open(device, precision);
        try
        {
            return new GpuReplica(accelerator, model, loss, ownsDevice: true, cores: TensorCores.Of(precision));
        }
        catch (CudaException problem)
        {
            accelerator.Dispose();
            throw new EngineUnavailableException(problem.Message, problem);
        }
        catch
        {
            accelerator.Dispose();
            throw;
        }
    }
}
